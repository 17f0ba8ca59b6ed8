// Bundles src/ into dist/static-widgets.js, and writes the licences of everything inside to dist/NOTICES.txt.
// Run `npm ci && npm run build`. The result is committed: building or reading the book needs no Node.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const shared = { bundle: true, minify: true, legalComments: "none", metafile: true, write: false };

/** Lets JavaScript import a bundled style sheet as a string. */
function styleSheets(inputs) {
  return {
    name: "style-sheets",
    setup(build) {
      build.onLoad({ filter: /src\/runtime\.css$/ }, async ({ path }) => {
        const sheet = await esbuild.build({ ...shared, entryPoints: [path], loader: { ".svg": "dataurl" } });
        inputs.push(...Object.keys(sheet.metafile.inputs));
        return { contents: withoutUnused(sheet.outputFiles[0].text), loader: "text" };
      });
    },
  };
}

// Rules for widgets that src/controls.js leaves out, and for parts of sliders that ipywidgets never shows.
const UNUSED_STYLE =
  /TabBar|-tab\b|-tab-|Collapse|accordion|picker|-tag|upload|-image|-video|-audio|controller|noUi-(value|marker|pips|tooltip)/i;

/** A minified style sheet without rules of which every selector is for something that no page has. */
const withoutUnused = (sheet) =>
  sheet.replace(/([^{}@;]+)\{[^{}]*\}/g, (rule, selectors) =>
    selectors.split(",").every((selector) => UNUSED_STYLE.test(selector)) ? "" : rule,
  );

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
  const lead = "static-widgets.js contains parts of the following software.\n";
  const parts = [...sections].map(([text, headings]) => `${headings.join("\n")}\n\n${text}\n`);
  return [lead, ...parts].join(`\n${"=".repeat(80)}\n\n`);
}

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
  },
  plugins: [backboneParts, underscoreModules, styleSheets(styleInputs)],
  banner: { js: "/* Built from third_party/widgets of the book's repository. Licences: NOTICES.txt */" },
});

const used = Object.entries(Object.values(metafile.outputs)[0].inputs)
  .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  .map(([path]) => path);
const names = [...new Set([...used, ...styleInputs].map(packageOf))].filter(Boolean).sort();
writeFileSync("dist/static-widgets.js", outputFiles[0].text);
writeFileSync("dist/NOTICES.txt", notices(names));
console.log(`dist/static-widgets.js: ${outputFiles[0].text.length} bytes from ${names.length} packages`);
