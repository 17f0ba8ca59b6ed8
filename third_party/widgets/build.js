// Bundles src/ into lmkit/vendor/static-widgets.js, for pages, and lab-widgets.js, for labs that are saved as a file; writes
// the licences of everything inside to NOTICES.txt beside them.
// Run `npm ci && npm run build`. The result is committed: building or reading the book needs no Node.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const OUT = "../../lmkit/vendor";
const shared = { bundle: true, minify: true, legalComments: "none", metafile: true, write: false };

/** Lets JavaScript import a bundled style sheet as a string, without the rules for what is left out. */
function styleSheets(inputs, unused) {
  return {
    name: "style-sheets",
    setup(build) {
      build.onLoad({ filter: /src\/runtime\.css$/ }, async ({ path }) => {
        const sheet = await esbuild.build({ ...shared, entryPoints: [path], loader: { ".svg": "dataurl" } });
        inputs.push(...Object.keys(sheet.metafile.inputs));
        return { contents: withoutUnused(sheet.outputFiles[0].text, unused), loader: "text" };
      });
    },
  };
}

// Rules for widgets that src/controls.js leaves out, and for parts of sliders that ipywidgets never shows.
const UNUSED_STYLE =
  /TabBar|-tab\b|-tab-|Collapse|accordion|picker|-tag|upload|-image|-video|-audio|controller|noUi-(value|marker|pips|tooltip)/i;

// And for widgets that no lab has.
const UNUSED_IN_LABS = new RegExp(
  `${UNUSED_STYLE.source}|toggle|progress|textarea|-valid\\b|-play|-html|-?button(?!s)|vslider|-select\\b|password|md-shadow|jupyter-widget-`,
  "i",
);

/** A minified style sheet without selectors for something that no page has, and without rules that had only such. */
const withoutUnused = (sheet, unused) =>
  sheet.replace(/([^{}@;]+)(\{[^{}]*\})/g, (_, selectors, body) => {
    const apart = selectors.includes("(") ? [selectors] : selectors.split(",");
    const kept = apart.filter((selector) => !unused.test(selector));
    return kept.length ? kept.join(",") + body : "";
  });

// Classes of ipywidgets that no lab has; they stand in modules with some that labs have.
const LEFT_OUT = [
  "ToggleButtons?(?:Style)?(?:Model|View)|Valid(?:Model|View)|Play(?:Model|View)|Progress(?:StyleModel|View)|(?:Int|Float)ProgressModel",
  "(?:Int|Float|Selection)RangeSlider(?:Model|View)|FloatLogSlider(?:Model|View)|(?:Bounded)?FloatText(?:Model|View)",
  "Select(?:Model|View)|MultipleSelectionModel|SelectMultiple(?:Model|View)|(?:HBox|GridBox)(?:Model|View)",
  "HTML(?:Math)?(?:Style)?(?:Model|View)|Label(?:Style)?(?:Model|View)|(?:Textarea|Password)(?:Model|View)",
].join("|");

/** Modules of ipywidgets' controls without those classes and what is set in them. */
const labControls = {
  name: "lab-controls",
  setup(build) {
    const classes = new RegExp(`^(?:export )?class (?:${LEFT_OUT}) [^]*?^}\\n`, "gm");
    const settings = new RegExp(`^(?:${LEFT_OUT})\\.\\w+ = [^]*?;\\n(?=\\S|$)`, "gm");
    const namespaces = new RegExp(`^\\(function \\((?:${LEFT_OUT})\\) \\{[^]*?^\\}\\)\\(.*\\n`, "gm");
    build.onLoad({ filter: /controls\/lib\/widget_\w+\.js$/ }, ({ path }) => {
      const parts = [classes, settings, namespaces];
      const contents = parts.reduce((source, part) => source.replace(part, ""), readFileSync(path, "utf8"));
      return { contents, loader: "js" };
    });
  },
};

/** Backbone without collections, addresses and servers: ipywidgets has none of them. */
const backboneParts = {
  name: "backbone-parts",
  setup(build) {
    build.onLoad({ filter: /backbone\/backbone\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const place = (mark) => {
        if (source.split(mark).length !== 2) throw new Error(`${path}: ‘${mark}’ does not stand there once`);
        return source.indexOf(mark);
      };
      const kept = [
        source.slice(0, place("  // Backbone.Collection\n  // ---")),
        source.slice(place("  // Backbone.View\n  // ---"), place("  // Underscore methods that we want to implement on the C")),
        '  addUnderscoreMethods(Model, _, {keys: 1, values: 1, pick: 0, isEmpty: 1}, "attributes");\n\n',
        source.slice(place("  // Helpers\n  // ---")),
      ].join("");
      const all = "Model.extend = Collection.extend = Router.extend = View.extend = History.extend = extend";
      if (!kept.includes(all)) throw new Error(`${path}: ‘${all}’ is not there`);
      return { contents: kept.replace(all, "Model.extend = View.extend = extend"), loader: "js" };
    });
  },
};

/** Single functions of Underscore, by their own path: the alias of the package would turn it into another one. */
const underscoreModules = {
  name: "underscore-modules",
  setup(build) {
    build.onResolve({ filter: /^underscore\/modules\// }, ({ path }) => ({
      path: fileURLToPath(new URL(`node_modules/${path}`, import.meta.url)),
      sideEffects: false,
    }));
  },
};

/** "node_modules/@scope/name/lib/x.js" -> "@scope/name"; undefined for our own files. */
const packageOf = (path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1];

function notice(name) {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const ofScope = `licences/${name.split("/")[0]}.txt`; // for packages that name a licence but carry no copy of it
  if (!file && !existsSync(ofScope)) throw new Error(`${name} has no licence file: add ${ofScope}`);
  const text = readFileSync(file ? `${folder}/${file}` : ofScope, "utf8").replace(/\r/g, "").trim();
  return { heading: `${name} ${version} (${license})`, text };
}

// Files that a package adopted from elsewhere: what they say about it stands in their first comments.
const ADOPTED = ["base/lib/nativeview.js", "base/lib/backbone-patch.js", "base-manager/lib/latex.js"];

function adoptedNotice(file) {
  const source = readFileSync(`node_modules/@jupyter-widgets/${file}`, "utf8");
  const [comments] = source.match(/^(?:\/\*[^]*?\*\/\s*|\/\/.*\n)+/);
  return { heading: `@jupyter-widgets/${file}`, text: comments.trim() };
}

/** One section per distinct licence text, under the names of all packages that share it. */
function notices(names) {
  const sections = new Map();
  for (const { heading, text } of [...names.map(notice), ...ADOPTED.map(adoptedNotice)]) {
    sections.set(text, [...(sections.get(text) ?? []), heading]);
  }
  const lead = "static-widgets.js and lab-widgets.js contain parts of the following software.\n";
  const parts = [...sections].map(([text, headings]) => `${headings.join("\n")}\n\n${text}\n`);
  return [lead, ...parts].join(`\n${"=".repeat(80)}\n\n`);
}

const packages = new Set();

/** Bundle into one file, and note the packages of which something is in it. */
async function bundle(name, { alias = {}, plugins = [], unused }) {
  const styleInputs = [];
  const { outputFiles, metafile } = await esbuild.build({
    ...shared,
    entryPoints: ["src/runtime.js"],
    format: "iife",
    target: "es2022",
    define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
    alias: {
      "sanitize-html": "./src/plain-text-sanitizer.js",
      "@lumino/widgets": "./src/lumino-widgets.js",
      jquery: "./src/one-element.js",
      underscore: "./src/underscore.js",
      "lodash/isEqual": "./src/is_equal.js",
      // The modules from which what is not used falls away; by default the bundled form would be taken.
      "@lumino/coreutils": "./node_modules/@lumino/coreutils/dist/index.es6.js",
      "@lumino/algorithm": "./node_modules/@lumino/algorithm/dist/index.es6.js",
      ...alias,
    },
    plugins: [backboneParts, underscoreModules, styleSheets(styleInputs, unused), ...plugins],
    banner: { js: "/* Built from third_party/widgets of the book's repository. Licences: NOTICES.txt */" },
  });
  const used = Object.entries(Object.values(metafile.outputs)[0].inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => path);
  for (const found of [...used, ...styleInputs].map(packageOf)) if (found) packages.add(found);
  writeFileSync(`${OUT}/${name}`, outputFiles[0].text);
  console.log(`${OUT}/${name}: ${outputFiles[0].text.length} bytes`);
}

await bundle("static-widgets.js", { alias: { controls: "./src/controls.js" }, unused: UNUSED_STYLE });
await bundle("lab-widgets.js", {
  alias: { controls: "./src/lab-controls.js" },
  plugins: [labControls],
  unused: UNUSED_IN_LABS,
});
writeFileSync(`${OUT}/NOTICES.txt`, notices([...packages].sort()));
