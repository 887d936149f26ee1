"""Builds the site from README, the executed lessons and the gallery: build/site/index.html"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import make_wall
import nbformat
from link_lessons import NOTEBOOKS, ROOT, read_lessons, repository

SITE, PAGES = ROOT / "build" / "site", ROOT / "build" / "pages"
REPOSITORY = f"https://github.com/{repository()}"
BADGE = re.compile(r"\[!\[([^\]]*)\]\([^)]*\)\]\(([^)]*)\)\n?")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
INSTRUCTORS = "docs/for_instructors.md"
FRAME = """# {title}

![{title}](../docs/wall/{file})

```python
import nst_helpers as nst

result = {call}
nst.save_image("painted.png", result.image)
```

[All pictures](../gallery.md)
"""


def without_badges(text):
    """Badges are pictures from elsewhere: their links stay, in words."""
    return BADGE.sub(lambda badge: f"[{badge[1]}]({badge[2]})  \n", text)


def linked(text, folder, lessons):
    """The text of a page in that folder; its links to what the site lacks go to the repository."""

    def link(found):
        path = (ROOT / folder / found[1]).resolve().relative_to(ROOT).as_posix()
        here = path in lessons or (PAGES / path).exists()
        return found[0] if here else f"]({REPOSITORY}/blob/main/{path}"

    return LINK.sub(link, without_badges(text))


def write(name, text):
    path = PAGES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def toctree(caption, names):
    return f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(names) + "\n```\n"


def write_pages(lessons):
    """README, with the list of all pages; the page for instructors; the lessons."""
    for name, page in (("README.md", "index.md"), (INSTRUCTORS, INSTRUCTORS)):
        text = (ROOT / name).read_text(encoding="utf-8")
        write(page, linked(text, Path(name).parent, lessons))
    trees = toctree("The lessons", lessons) + toctree("More", ["gallery", INSTRUCTORS])
    with open(PAGES / "index.md", "a", encoding="utf-8") as index:
        index.write(trees)
    for name in lessons:
        notebook = nbformat.read(ROOT / name, 4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = linked(cell.source, Path(name).parent, lessons)
        write(name, nbformat.writes(notebook))


def write_gallery():
    frames, names = [], []
    for content, style in make_wall.PICTURES:
        file = make_wall.path_of(content, style).name
        title = f"{content}, painted like {style}".replace("_", " ").capitalize()
        name = f"gallery/{Path(file).stem}"
        call = make_wall.call_of(content, style)
        write(f"{name}.md", FRAME.format(title=title, file=file, call=call))
        frames.append(f'<a href="{name}.html"><img src="docs/wall/{file}" alt="{title}"></a>')
        names.append(name)
    wall = '<div class="wall">\n' + "\n".join(frames) + "\n</div>\n"
    words = "Each picture opens large, with the call that painted it.\n\n"
    write("gallery.md", f"# Gallery\n\n{words}{wall}" + toctree("Pictures", names))


def main():
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.copytree(ROOT / "website", PAGES)
    shutil.copytree(ROOT / "docs", PAGES / "docs", ignore=shutil.ignore_patterns("*.md"))
    lessons = [f"{NOTEBOOKS.name}/{lesson['file']}" for lesson in read_lessons()]
    write_pages(lessons)
    write_gallery()
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", PAGES, SITE]
    done = subprocess.run(list(map(str, command)), check=False)
    shutil.copytree(ROOT / "docs", SITE / "docs", dirs_exist_ok=True)  # the wall links there
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
