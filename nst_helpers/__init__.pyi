from . import exercises as exercises
from .calls import load_run
from .colours import match_colours, match_luminance, restore_colours
from .config import TransferConfig
from .display import ProgressBar, plot_losses, plot_runs, show_images
from .errors import (
    CheckpointError,
    ClusterError,
    ConfigError,
    DivergenceError,
    FileError,
    ImageError,
    WeightsError,
)
from .evaluation import compute_losses, evaluation, measure_goals
from .grid import Grid, GridRun, grid
from .images import (
    deprocess_image,
    load_image,
    load_region,
    preprocess_image,
    save_image,
)
from .losses import content_loss, gram_matrix, style_loss, total_variation_loss
from .machine.budget import config_for_budget
from .machine.pictures import PICTURES, document_pictures, picture
from .machine.weights import vgg19_weights
from .network import feature_extractor, load_vgg19
from .objective import build_terms, relative_distance
from .playground.ballot import Ballot
from .playground.model import Playground
from .reference import measured_losses, published_losses, published_result
from .run import Run, Style
from .terms import Statistic, Term
from .training import Progress, TransferResult, paint, transfer

__all__ = [
    "PICTURES",
    "Ballot",
    "CheckpointError",
    "ClusterError",
    "ConfigError",
    "DivergenceError",
    "FileError",
    "Grid",
    "GridRun",
    "ImageError",
    "Playground",
    "Progress",
    "ProgressBar",
    "Run",
    "Statistic",
    "Style",
    "Term",
    "TransferConfig",
    "TransferResult",
    "WeightsError",
    "build_terms",
    "compute_losses",
    "config_for_budget",
    "content_loss",
    "deprocess_image",
    "document_pictures",
    "evaluation",
    "exercises",
    "feature_extractor",
    "gram_matrix",
    "grid",
    "load_image",
    "load_region",
    "load_run",
    "load_vgg19",
    "match_colours",
    "match_luminance",
    "measure_goals",
    "measured_losses",
    "paint",
    "picture",
    "plot_losses",
    "plot_runs",
    "preprocess_image",
    "published_losses",
    "published_result",
    "relative_distance",
    "restore_colours",
    "save_image",
    "show_images",
    "style_loss",
    "total_variation_loss",
    "transfer",
    "vgg19_weights",
]
