"""Sphinx's settings for the site; tools/make_site.py puts its pages together."""

from latex2mathml.converter import convert

project = "Neural style transfer, step by step"
extensions = ["myst_nb"]
html_theme = "furo"
html_title = project
html_show_copyright = False
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False

# The lessons are shown as they were run.
nb_execution_mode = "off"
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
nb_ipywidgets_js = {}  # would be loaded from elsewhere
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"


def mathml(display):
    """Formulas in the browser's own language for them: no script, nothing to fetch."""

    def visit(translator, node):
        from docutils.nodes import SkipNode

        translator.body.append(convert(node.astext(), display=display))
        raise SkipNode

    return visit, None


def setup(app):
    app.add_html_math_renderer("mathml", mathml("inline"), mathml("block"))
