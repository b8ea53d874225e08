"""Finds its way in a TensorFlow GraphDef: loops, ends, what a tensor is computed from, and where boxes are suppressed."""
BRANCH = "(branch)"
FLOAT = 1  # DT_FLOAT


class Graph:
    """A GraphDef with its edges both ways, and for each node the loops and branches it stands in."""

    def __init__(self, definition):
        self.nodes = {n.name: n for n in definition.node}
        self.consumers = {name: [] for name in self.nodes}
        for n in definition.node:
            for i in n.input:
                if not i.startswith("^"):
                    self.consumers[producer(i)].append(n.name)
        self.within = {name: () for name in self.nodes}
        work = list(self.nodes)
        while work:
            name = work.pop()
            after = self.scope_after(self.nodes[name])
            for c in self.consumers[name]:
                if len(after) > len(self.within[c]):
                    self.within[c] = after
                    work.append(c)

    def scope_after(self, node):
        """Where the consumers of a node stand: Enter leads into a loop, Exit out of it."""
        scope = self.within[node.name]
        if node.op == "Enter":
            return scope + (node.attr["frame_name"].s.decode(),)
        if node.op == "Exit" or (node.op == "Merge" and scope == (BRANCH,)):
            return scope[:-1]
        return (BRANCH,) if node.op == "Switch" and not scope else scope

    def placeholders(self):
        return [n for n in self.nodes.values() if n.op == "Placeholder"]

    def ends(self):
        no_answer = ("NoOp", "Assert", "Const", "Placeholder")
        return [n for n in self.nodes if not self.consumers[n] and not self.within[n] and self.nodes[n].op not in no_answer]

    def data_inputs(self, name):
        return [producer(i) for i in self.nodes[name].input if not i.startswith("^")]

    def in_order(self):
        """Names, producers first; edges that close loops are left out."""
        order, done = [], set()
        for root in self.nodes:
            work = [(root, False)]
            while work:
                name, ready = work.pop()
                if ready:
                    order.append(name)
                elif name not in done:
                    done.add(name)
                    work.append((name, True))
                    if self.nodes[name].op != "NextIteration":
                        work.extend((i, False) for i in self.data_inputs(name))
        return order

    def suppressions(self):
        """For each loop or branch with a NonMaxSuppression, and each that is in none: what it works on, and what it gives."""
        loops = []
        for node in map(self.nodes.get, self.in_order()):
            scope = self.within[node.name]
            if not node.op.startswith("NonMaxSuppression") or (scope and scope in loops):
                continue
            if scope == (BRANCH,):
                yield self.branch_ends(node)
            elif scope:
                loops.append(scope)
                yield self.entering(scope), self.leaving(scope)
            else:
                yield list(node.input[:2]), [node.name]

    def entering(self, scope):
        """Float tensors that come from outside the loop; a TensorArray stands for the tensor that fills it."""
        raw = set()
        for n in self.nodes.values():
            if n.op == "Enter" and self.scope_after(n) == scope and n.attr["T"].type == FLOAT:
                source = self.nodes[producer(n.input[0])]
                if source.op.startswith("TensorArrayScatter"):
                    raw.add(source.input[2])
                elif not source.op.startswith(("TensorArray", "Placeholder")):
                    raw.add(n.input[0])
        return self.computed(raw)

    def leaving(self, scope):
        exits = [n.name for n in self.nodes.values() if n.op == "Exit" and self.within[n.name] == scope]
        return sorted(c for e in exits for c in self.consumers[e] if self.nodes[c].op.startswith("TensorArrayGather"))

    def branch_ends(self, node):
        """Float tensors that go into the branch of this node, and those that come out of it, whichever way it goes."""
        nodes = map(self.nodes.get, self.behind([node.name], within=(BRANCH,)))
        choices = {n.input[1] for n in nodes if n.op == "Switch"}
        switches = [n for n in self.nodes.values() if n.op == "Switch" and n.input[1] in choices]
        raw = self.computed(s.input[0] for s in switches if s.attr["T"].type == FLOAT)
        inside = {s.name for s in switches}
        merges = [n for n in self.nodes.values() if n.op == "Merge" and inside & self.behind([n.name], within=(BRANCH,))]
        return raw, sorted(n.name for n in merges if n.attr["T"].type == FLOAT)

    def computed(self, tensors):
        """Those that depend on the graph's inputs."""
        return sorted(t for t in set(tensors) if not self.decided_by([], t))

    def behind(self, tensors, given=(), through_shapes=True, within=()):
        """The nodes that these tensors are computed from: not behind those given, nor before the branch that `within` names."""
        seen, work, given = set(), [producer(t) for t in tensors], {producer(t) for t in given}
        while work:
            name = work.pop()
            if name not in seen:
                seen.add(name)
                ends_here = name in given or (self.nodes[name].op == "Shape" and not through_shapes)
                if not ends_here and not (within and self.nodes[name].op == "Switch"):
                    work += self.data_inputs(name)
        return seen

    def decided_by(self, given, tensor):
        """Whether nothing but the tensors given, constants and shapes decide the values of this one."""
        return not any(self.nodes[n].op == "Placeholder" for n in self.behind([tensor], given, through_shapes=False))


def producer(tensor):
    return tensor.split(":")[0]
