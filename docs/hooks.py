"""What mkdocs cannot do by itself: pages from READMEs, and an API reference of the public names."""

import importlib
import inspect
import re
import sys
from pathlib import Path

from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parent))
import book

ROOT = Path(__file__).resolve().parent.parent

# Pages made of READMEs, and the folder that the README's links start from.
READMES = {"index.md": "README.md", "benchmarks.md": "benchmarks/README.md"}

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
    config["nav"].append({"The backprop book": book.navigation()})
    config["nav"].append({"API": [{t: page_of(n)} for n, t in NAMESPACES.items()]})
    return config


def on_files(files, config):
    for page, readme in READMES.items():
        text = with_links_for_the_site(ROOT / readme)
        files.append(File.generated(config, page, content=text))
    for namespace, title in NAMESPACES.items():
        files.append(
            File.generated(config, page_of(namespace), content=reference(namespace, title))
        )
    for page, content in book.pages():
        files.append(File.generated(config, page, content=content))
    return files


def on_page_content(html, page, config, files):
    return book.with_profile(book.with_formulas(html))


def page_of(namespace):
    return f"api/{namespace.removeprefix('minikeras.').replace('.', '_')}.md"


def with_links_for_the_site(readme):
    """Turn a README's links to files into links to pages, and to plain text where there is none."""
    pages = {(ROOT / source).resolve(): page for page, source in READMES.items()}
    for kind in ("*.md", "*.png"):
        pages |= {p.resolve(): p.name for p in (ROOT / "docs").glob(kind)}

    def replace(match):
        label, target = match[1], match[2]
        if target.startswith(("http", "#")):
            return match[0]
        page = pages.get((readme.parent / target).resolve())
        return f"[{label}]({page})" if page else f"`{target}`" if label == target else label

    return re.sub(r"\[([^\]]+)\]\(([^)]+)\)", replace, readme.read_text(encoding="utf-8"))


def reference(namespace, title):
    """Return a page with an entry for each public class and function of a namespace."""
    module = importlib.import_module(namespace)
    lines = [f"# {title}", "", f"`{namespace}`", ""]
    seen = set()
    late = getattr(vars(module).get("__getattr__"), "homes", {})
    for name in sorted(getattr(module, "__all__", None) or dir(module)):
        value = getattr(module, name)
        public = inspect.isclass(value) or inspect.isfunction(value)
        ours = getattr(value, "__module__", "").startswith("minikeras")
        if name.startswith("_") or not public or not ours or id(value) in seen:
            continue
        if namespace == "minikeras" and is_elsewhere(name):
            continue
        seen.add(id(value))
        if name in late:  # read from its file; the package does not say what it is
            heading = f"{namespace}.{name}"
            options = ["    options:", f"      heading: {heading}", f"      toc_label: {heading}"]
            lines += [f"::: {late[name]}.{name}", *options, ""]
        else:
            lines += [f"::: {namespace}.{name}", ""]
        lines += book.link_from(value)
    return "\n".join(lines)


def is_elsewhere(name):
    """Whether a top-level name also has its place in a namespace of its own."""
    return any(hasattr(importlib.import_module(n), name) for n in NAMESPACES if n != "minikeras")
