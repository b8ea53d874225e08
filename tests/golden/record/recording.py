"""Runs a case in TensorFlow and turns graph, inputs and answers into JSON and back."""

import base64
import re

import numpy as np

from tf_api import op_def, session, tf


def record(case):
    """The JSON-ready record of `case`, checked by running it again from what was written."""
    builder, outputs = case.construct(running=True)
    runnable = tidy(builder.graph.as_graph_def(), case)
    values = run(runnable, builder.feeds, [o.name for o in outputs])
    written = runnable
    if case.stand_in:
        builder, outputs = case.construct(running=False)
        written = tidy(builder.graph.as_graph_def(), case)
    keys = [re.sub(":0$", "", o.name) for o in outputs]
    atol, rtol = case.tol.of(values)
    recorded = {
        "name": case.name,
        "graph": base64.b64encode(written.SerializeToString(deterministic=True)).decode(),
        "inputs": {k: encode(v) for k, v in builder.feeds.items()},
        "outputs": {k: encode(v) for k, v in zip(keys, values)},
        "atol": atol,
        "rtol": rtol,
        "ops": op_types(written),
    }
    _check(case, recorded, None if case.stand_in else values)
    return recorded


def run(definition, feeds, fetches):
    """The fetched arrays of a GraphDef."""
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(definition, name="")
    with session(graph) as s:
        values = s.run([graph.get_tensor_by_name(f) for f in fetches], {k + ":0": v for k, v in feeds.items()})
    return [np.asarray(v) for v in values]


def _check(case, recorded, values):
    """Raises ValueError unless the record says something and, read back, gives the same answers."""
    if case.op not in recorded["ops"]:
        raise ValueError("its graph holds no " + case.op)
    for key, tensor in recorded["outputs"].items():
        array = decode(tensor)
        if not case.not_finite and array.size and array.dtype.kind in "fc" and not np.isfinite(array).any():
            raise ValueError("no finite number in " + key)
    definition = tf.GraphDef.FromString(base64.b64decode(recorded["graph"]))
    if values is None:
        with tf.Graph().as_default():
            tf.import_graph_def(definition, name="")
        return
    feeds = {k: decode(v) for k, v in recorded["inputs"].items()}
    again = run(definition, feeds, [k if ":" in k else k + ":0" for k in recorded["outputs"]])
    for key, array in zip(recorded["outputs"], again):
        if encode(array) != recorded["outputs"][key]:
            raise ValueError("another answer in " + key + " when run again")


def encode(array):
    """{"dtype", "shape", "data"} of an array; strings become a list of base64 strings."""
    if array.dtype.kind in "OSU":
        flat = [v if isinstance(v, bytes) else v.encode() for v in array.ravel().tolist()]
        return {"dtype": "string", "shape": list(array.shape), "data": [base64.b64encode(v).decode() for v in flat]}
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": tf.as_dtype(array.dtype).name, "shape": list(array.shape), "data": data}


def decode(tensor):
    if tensor["dtype"] == "string":
        flat = np.empty(len(tensor["data"]), object)
        flat[:] = [base64.b64decode(v) for v in tensor["data"]]
        return flat.reshape(tensor["shape"])
    dtype = tf.as_dtype(tensor["dtype"]).as_numpy_dtype
    return np.frombuffer(base64.b64decode(tensor["data"]), dtype).reshape(tensor["shape"])


def op_types(definition):
    """Every op spelling in the graph and its functions, but those of the functions themselves."""
    functions = {f.signature.name for f in definition.library.function}
    nodes = list(definition.node) + [n for f in definition.library.function for n in f.node_def]
    return sorted({n.op for n in nodes} - functions)


def tidy(definition, case):
    """The graph as `case` wants it, and without what depends on the run: function counters and debug records."""
    names = _order_functions(definition)
    for function in definition.library.function:
        signature = function.signature
        signature.name = names[signature.name]
        function.arg_attr.clear()
        function.resource_arg_unique_id.clear()
        function.attr.clear()
        for argument in list(signature.input_arg) + list(signature.output_arg):
            argument.name = _uncounted(argument.name)
        for result, value in list(function.ret.items()):
            del function.ret[result]
            function.ret[_uncounted(result)] = _uncounted(value)
        for node in function.node_def:
            node.name = _uncounted(node.name)
            node.input[:] = [_uncounted(i) for i in node.input]
            _tidy_node(node, names, case)
    for node in definition.node:
        _tidy_node(node, names, case)
    return definition


def _uncounted(name):
    """A name without the counter of the function it was made from."""
    return re.sub(r"(while_cond|while_body|cond_true|cond_false)_\d+", r"\1", name)


def _order_functions(definition):
    """Puts the function library, whose order is a hash table's, in the order of first use; gives the new names."""
    functions = {f.signature.name: f for f in definition.library.function}
    names = {}
    pending = list(definition.node)
    while pending:
        node = pending.pop(0)
        for name in [node.op] + _called(node):
            if name in functions and name not in names:
                stem = re.sub("_+$", "", re.sub(r"(__inference_|__forward_|_?\d+)", "", name))
                names[name] = "%s_%d" % (stem, len(names))
                pending.extend(functions[name].node_def)
    ordered = [functions[name] for name in names]
    definition.library.ClearField("function")
    definition.library.ClearField("gradient")
    definition.library.function.extend(ordered)
    return names


def _called(node):
    """The names of the functions in a node's attributes."""
    values = [node.attr[key] for key in sorted(node.attr)]
    return [f.name for v in values for f in ([v.func] if v.HasField("func") else v.list.func)]


def _tidy_node(node, names, case):
    if hasattr(node, "experimental_debug_info"):
        node.ClearField("experimental_debug_info")
    node.op = names.get(node.op, case.rename.get(node.op, node.op))
    for key in [k for k in node.attr if k.startswith("_") and k not in ("_class",)]:
        del node.attr[key]
    for value in node.attr.values():
        for function in [value.func] if value.HasField("func") else value.list.func:
            function.name = names.get(function.name, function.name)
    definition = op_def(node.op) if case.bare else None
    for attribute in definition.attr if definition else []:
        if (
            attribute.HasField("default_value")
            and attribute.name in node.attr
            and node.attr[attribute.name] == attribute.default_value
        ):
            del node.attr[attribute.name]
