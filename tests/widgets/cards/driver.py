"""The reader's log on a page that shows cards."""

from lmkit.widgets.base import bundle

# In JavaScript: the log that all widgets of the page share.
LOG = f'__lmkit.require("{bundle.modules("base/progress/log.js")[-1].name}").openLog()'
