"""What mkdocs cannot do by itself: pages that are made of other files, of code and of its outputs."""

import importlib
import inspect
import logging
import sys
from functools import cache
from pathlib import Path

from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parent))
import book
import cross_links
import dead_links
import executed
import gallery
import source_pages

log = logging.getLogger("mkdocs.plugins.minikeras")

ROOT = Path(__file__).resolve().parent.parent

# Pages whose code is run, with its output shown.
EXECUTED = ("tutorials/", "from_")

NAMESPACES = {
    "minikeras": "Tapes, gradients, variables",
    "minikeras.models": "Models and training",
    "minikeras.layers": "Layers",
    "minikeras.applications": "Known networks",
    "minikeras.applications.imagenet_utils": "Images and classes of ImageNet",
    "minikeras.ops": "Operations",
    "minikeras.losses": "Losses",
    "minikeras.metrics": "Metrics",
    "minikeras.optimizers": "Optimizers",
    "minikeras.optimizers.schedules": "Learning rate schedules",
    "minikeras.callbacks": "Callbacks",
    "minikeras.activations": "Activations",
    "minikeras.initializers": "Initializers",
    "minikeras.regularizers": "Regularizers",
    "minikeras.constraints": "Constraints",
    "minikeras.quantizers": "Quantizers",
    "minikeras.dtype_policies": "Dtypes of layers",
    "minikeras.mixed_precision": "Mixed precision",
    "minikeras.distillation": "Distillation",
    "minikeras.distribution": "Distribution",
    "minikeras.random": "Random numbers",
    "minikeras.data": "Pipelines of data",
    "minikeras.datasets": "Data sets",
    "minikeras.datasets.boston_housing": "Boston housing",
    "minikeras.datasets.california_housing": "California housing",
    "minikeras.datasets.cifar10": "CIFAR-10",
    "minikeras.datasets.cifar100": "CIFAR-100",
    "minikeras.datasets.fashion_mnist": "Fashion-MNIST",
    "minikeras.datasets.imdb": "IMDB reviews",
    "minikeras.datasets.mnist": "MNIST",
    "minikeras.datasets.reuters": "Reuters news",
    "minikeras.preprocessing": "Data of files and series",
    "minikeras.preprocessing.image": "Images",
    "minikeras.preprocessing.sequence": "Sequences",
    "minikeras.wrappers": "scikit-learn",
    "minikeras.utils": "Utilities",
    "minikeras.visualization": "Pictures",
    "minikeras.inspection": "What happens inside",
    "minikeras.saving": "Files, objects and their configs",
    "minikeras.export": "Export",
    "minikeras.config": "Settings",
    "minikeras.tree": "Nested structures",
}


def on_config(config):
    tutorials = [next(iter(part)) for part in config["nav"]].index("Tutorials")
    config["nav"].insert(tutorials + 1, {"Gallery": gallery.navigation()})
    config["nav"].append({"The backprop book": book.navigation()})
    entries = [{t: page_of(n)} for n, t in NAMESPACES.items()]
    config["nav"].append({"Reference": ["api/index.md", *entries]})
    return config


def on_files(files, config):
    benchmarks = (ROOT / "benchmarks/README.md").read_text(encoding="utf-8")
    files.append(File.generated(config, "benchmarks.md", content=benchmarks))
    for namespace, title in NAMESPACES.items():
        files.append(
            File.generated(config, page_of(namespace), content=reference(namespace, title))
        )
    files.append(File.generated(config, "api/index.md", content=overview()))
    for page, content in (*gallery.pages(), *book.pages()):
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown, page, config, files):
    if page.file.src_uri.startswith(EXECUTED):
        return executed.with_output(markdown, page.file.src_uri)
    return markdown


def on_page_content(html, page, config, files):
    html = book.with_profile(book.with_formulas(html))
    return cross_links.added(html, page.file.src_uri)


def on_post_build(config):
    site = Path(config["site_dir"])
    pages = [page.read_text(encoding="utf-8") for page in site.glob("api/*.html")]
    source_pages.write(source_pages.linked(pages), site)
    for problem in dead_links.found(site):
        log.warning(problem)  # an error where the site is built strictly


def page_of(namespace):
    return f"api/{namespace.removeprefix('minikeras.').replace('.', '_')}.md"


def overview():
    """Return the first page of the reference: all public names."""
    lines = [
        "# Reference",
        "",
        "All public classes and functions, with signatures, examples and source.",
        "",
    ]
    for namespace, title in NAMESPACES.items():
        lines += [
            f"## [{title}]({page_of(namespace).removeprefix('api/')})",
            "",
            f"`{namespace}`",
            "",
        ]
        links = [
            cross_links.link(f"{namespace}.{name}", name, "api/index.md")
            for name, *_ in public_names(namespace)
        ]
        lines += [", ".join(links), ""]
    return "\n".join(lines)


def reference(namespace, title):
    """Return a page with an entry for each public class and function of a namespace."""
    module = importlib.import_module(namespace)
    lines = [f"# {title}", "", f"`{namespace}`", ""]
    late = getattr(vars(module).get("__getattr__"), "homes", {})
    for name, value, others in public_names(namespace):
        heading = f"{namespace}.{name}"
        entry = f"{late[name]}.{name}" if name in late else heading
        for called in (name, *others):
            cross_links.note(f"{namespace}.{called}", f"{page_of(namespace)}#{entry}")
        if name in late:  # read from its file; the package does not say what it is
            options = ["    options:", f"      heading: {heading}", f"      toc_label: {name}"]
            lines += [f"::: {late[name]}.{name}", *options, ""]
        else:
            lines += [f"::: {namespace}.{name}", ""]
        if others:
            lines += ["Also called " + ", ".join(f"`{other}`" for other in others) + ".", ""]
        lines += book.link_from(value)
    return "\n".join(lines)


@cache
def public_names(namespace):
    """Return the public classes and functions of a namespace: (name, value, other names)."""
    module = importlib.import_module(namespace)
    found = {}
    for name in sorted(getattr(module, "__all__", None) or dir(module)):
        value = getattr(module, name)
        public = inspect.isclass(value) or inspect.isfunction(value)
        ours = getattr(value, "__module__", "").startswith("minikeras")
        if name.startswith("_") or not public or not ours:
            continue
        if namespace != "minikeras" or not is_elsewhere(name):
            found.setdefault(value, []).append(name)
    entries = []
    for value, names in found.items():
        name = value.__name__ if value.__name__ in names else names[0]
        entries.append((name, value, [other for other in names if other != name]))
    return sorted(entries, key=lambda entry: entry[0])


def is_elsewhere(name):
    """Whether a top-level name also has its place in a namespace of its own."""
    return any(hasattr(importlib.import_module(n), name) for n in NAMESPACES if n != "minikeras")
