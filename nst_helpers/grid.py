"""Many runs at once, here or on a Dask cluster: a table, and a contact sheet."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path

from nst_helpers.config import TransferConfig
from nst_helpers.errors import ConfigError, one_line
from nst_helpers.machine.cluster import as_they_come, check_workers
from nst_helpers.machine.sheet import contact_sheet
from nst_helpers.run import Run, Style
from nst_helpers.training import TransferResult, paint

NO_SETTINGS = "content", "style", "config"


@dataclass(frozen=True)
class GridRun:
    """One run of a grid.

    Attributes:
        labels: From the name of what varies to its value in this run, in words.
        result: Its `TransferResult`; None where it failed or is not done yet.
        error: Why it failed, in one line, or None.
    """

    labels: dict
    result: TransferResult | None = field(default=None, repr=False)
    error: str | None = None

    @property
    def row(self):
        """Labels, seconds, last losses such as "total_loss", and error by name."""
        last = self.result.losses[-1] if self.result else None
        losses = {f"{name}_loss": loss for name, loss in last.losses.items()} if last else {}
        seconds = {"seconds": last.seconds} if last else {}
        return {**self.labels, **seconds, **losses, "error": self.error or ""}


@dataclass
class Grid:
    """The runs of a grid in their order; those that are not done yet have neither result nor error.

    Attributes:
        runs: List of `GridRun`s; what varies last varies fastest.
        columns: How many different values that has.
    """

    runs: list
    columns: int

    @property
    def table(self):
        """The `row` of each run: what varies, then its seconds and last losses, then error."""
        return [run.row for run in self.runs]

    @property
    def sheet(self):
        """The contact sheet, uint8, shape (rows, cols, 3), RGB; errors stand in their cells."""
        starts = range(0, len(self.runs), self.columns)
        cells = [self.runs[start : start + self.columns] for start in starts]
        names = list(self.runs[0].labels)
        return contact_sheet(
            [[run.result.image if run.result else run.error for run in row] for row in cells],
            ["\n".join(_said(row[0], names[:-1])) for row in cells],
            ["\n".join(_said(run, names[-1:])) for run in cells[0]],
        )


def _said(run, names):
    return [f"{name.replace('_', ' ')} {run.labels[name]}" for name in names]


def grid(contents, styles, configs=None, client=None, callback=None, **settings):
    """Paints every content image in every style with every config, and every mix of settings.

        nst.grid("me.jpg", {"night": night, "wave": wave}, style_weight=[10, 100, 1000])

    Args:
        contents: A picture, a list of pictures, or a dictionary from names to pictures.
        styles: The same; each may be all that `transfer` takes as its style but a list.
        configs: A `TransferConfig` or the name of a recipe, or a list or a dictionary of them; None
            means `TransferConfig.fast()`.
        client: A `dask.distributed.Client`: each of its workers does one run at a time. None does
            one after the other here.
        callback: Called with the `Grid` so far after each run.
        settings: From the name of a setting of the config to a list of its values.

    Returns:
        A `Grid`. What has one value only gets no label.

    Raises:
        ClusterError: If the client's workers can't compute.
        ConfigError: If there is nothing to run.
    """
    choices = {
        "content": _named("content", contents),
        "style": _named("style", styles),
        "config": _named("config", "fast" if configs is None else configs),
        **{name: _named(name, list(values)) for name, values in settings.items()},
    }
    varying = [name for name, named in choices.items() if len(named) > 1] or ["content"]
    products = list(itertools.product(*(named.items() for named in choices.values())))
    if not products:
        raise ConfigError("there is nothing to run: give at least one of each.")
    picked = [dict(zip(choices, product, strict=True)) for product in products]
    runs = [GridRun({name: pick[name][0] for name in varying}) for pick in picked]
    found = Grid(runs, len(choices[varying[-1]]))
    jobs = [{name: value for name, (_, value) in pick.items()} for pick in picked]
    for place, (result, error) in _done(jobs, client):
        runs[place] = GridRun(runs[place].labels, result, error)
        if callback:
            callback(found)
    return found


def _named(what, values):
    """From labels to values."""
    if isinstance(values, dict):
        return {str(name): value for name, value in values.items()}
    values = values if isinstance(values, list) else [values]
    return {_label(what, value, number): value for number, value in enumerate(values, start=1)}


def _label(what, value, number):
    if isinstance(value, (str, Path)):
        return Path(value).stem
    if isinstance(value, (Style, TransferConfig)) or hasattr(value, "shape"):
        return str(number)
    return str(value)


def _done(jobs, client):
    """Places of jobs, with the result or the error of each."""
    if client is None:
        return ((place, _do(_load(job))) for place, job in enumerate(jobs))
    check_workers(client)
    # Files are read here: a worker on another machine may not have them.
    return as_they_come(client, _do, map(_load, jobs))


def _load(job):
    """A `Run`, or what is wrong with the job in one line."""
    try:
        content, style, config = (job[name] for name in NO_SETTINGS)
        changes = {name: value for name, value in job.items() if name not in NO_SETTINGS}
        if isinstance(config, str):
            config = TransferConfig.recipe(config)
        return Run.load(content, style, config.replace(**changes))
    except Exception as error:  # whatever it is, the other runs go on
        return one_line(error)


def _do(run):
    """One run: its result and None, or None and what went wrong in one line."""
    if isinstance(run, str):
        return None, run
    try:
        return paint(run, lambda progress: None), None
    except Exception as error:
        return None, one_line(error)
