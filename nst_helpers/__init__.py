"""Neural style transfer: the helpers behind the notebooks.

import nst_helpers as nst
result = nst.transfer("content.jpg", "style.jpg")
nst.save_image("painted.png", result.image)
"""

import lazy_loader

from nst_helpers.machine import notices
from nst_helpers.version import __version__ as __version__

# What there is stands in __init__.pyi, where editors look too. It is loaded at first use, so that
# a shell user's typing error is answered before TensorFlow starts.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

# The library itself prints nothing and draws no bar; whoever imports it by this door sees both.
notices.show_notices()
notices.default_progress = lambda: __getattr__("ProgressBar")()
