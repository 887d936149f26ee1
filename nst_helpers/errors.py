"""What the package raises: each message is one sentence that says what is wrong and what to do."""


class FileError(ValueError):
    """A file that can't be written."""


class ImageError(ValueError):
    """A picture that can't be read or written."""


class ConfigError(ValueError):
    """A setting or a term that can't be used; the message names it and says what it may be."""


class DivergenceError(ConfigError):
    """A loss that explodes whatever is tried; the message names the setting to change.

    Attributes:
        result: `TransferResult` with the best picture until then; None where there is none.
    """

    result = None


class CheckpointError(ValueError):
    """A checkpoint that this run can't continue from."""


class WeightsError(RuntimeError):
    """No VGG19 weights file could be found or downloaded."""


class ClusterError(RuntimeError):
    """Workers of a cluster that can't compute."""


class UnavailableError(RuntimeError):
    """A download that failed; the message says why."""


# What a user can mend, other than a run that diverges: a shell says it in one line.
MISTAKES = (
    CheckpointError,
    ClusterError,
    ConfigError,
    FileError,
    ImageError,
    ModuleNotFoundError,
    WeightsError,
)


def one_line(error):
    """The error's message on one line, or its class where it has none."""
    return " ".join(str(error).split()) or type(error).__name__
