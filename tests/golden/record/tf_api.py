"""The few TensorFlow calls whose spelling differs between TensorFlow 1.15 (Python 3.7) and 2.x."""

import os
import warnings

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.filterwarnings("ignore")

import tensorflow.compat.v1 as tf  # noqa: E402
from tensorflow.python.framework import op_def_library, op_def_registry  # noqa: E402

tf.logging.set_verbosity(tf.logging.ERROR)

if hasattr(op_def_registry, "get"):
    op_def = op_def_registry.get
    apply_op = op_def_library.apply_op
else:
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python import pywrap_tensorflow

    _all = op_def_pb2.OpList.FromString(pywrap_tensorflow.TF_GetBuffer(pywrap_tensorflow.TF_GetAllOpList()))
    op_def = {d.name: d for d in _all.op}.get
    _library = op_def_library.OpDefLibrary()
    _library.add_op_list(_all)
    apply_op = _library.apply_op


def session(graph):
    """A session that runs the graph as it is written: one thread, no grappler, no folding, no inlining of ops."""
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.optimizer_options.opt_level = -1
    return tf.Session(graph=graph, config=config)
