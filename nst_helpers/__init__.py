"""Neural style transfer: the helpers behind the notebooks.

import nst_helpers as nst
result = nst.transfer("content.jpg", "style.jpg")
nst.save_image("painted.png", result.image)
"""

import lazy_loader

__version__ = "0.1.0"  # above the rest, since checkpoint.py reads it

# Loaded at first use, so that a shell user's typing error is answered before TensorFlow starts.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "checkpoint": ["CheckpointError"],
        "config": ["ConfigError", "DivergenceError", "TransferConfig"],
        "document": ["measured_losses", "published_losses"],
        "display": ["ProgressBar", "plot_losses", "plot_runs", "show_images"],
        "features": ["compute_loss", "compute_targets", "feature_extractor", "load_vgg19"],
        "images": [
            "ImageError",
            "deprocess_image",
            "load_image",
            "match_colours",
            "preprocess_image",
            "save_image",
        ],
        "losses": ["content_loss", "gram_matrix", "style_loss", "total_variation_loss"],
        "pictures": ["PICTURES", "document_pictures", "picture"],
        "playground": ["Playground"],
        "training": ["Progress", "TransferResult", "transfer"],
        "weights": ["WeightsError", "vgg19_weights"],
    },
)
