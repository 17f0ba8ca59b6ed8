"""Encoder-decoders once more, from the formulas: one sentence at a time, one step after the other, no padding."""

import torch


def lstm_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    i, f, g, o = (weight_ih @ x + bias_ih + weight_hh @ h + bias_hh).reshape(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def read(vectors, weights):
    """All states of an LSTM that starts at zero, and its last cell state."""
    h = c = weights[1].new_zeros(weights[1].shape[1])
    states = []
    for x in vectors:
        h, c = lstm_cell(x, h, c, *weights)
        states.append(h)
    return states, c


def score(kind, query, key, weights):
    if kind == "additive":
        w, u, v = (weights[f"decoder.attention.{name}.weight"] for name in ("query", "key", "score"))
        return v[0] @ torch.tanh(w @ query + u @ key)
    if kind == "general":
        return query @ (weights["decoder.attention.key.weight"] @ key)
    return query @ key / (len(key) ** 0.5 if kind == "scaled_dot" else 1)


def look(kind, query, memory, weights):
    """The context of a query, and its attention weights."""
    exps = [score(kind, query, h, weights).exp() for h in memory]
    shares = [each / sum(exps) for each in exps]
    return sum(share * h for share, h in zip(shares, memory, strict=True)), torch.stack(shares)


def encode(model, weights, source):
    """The memory of a source, and the decoder's first state."""
    vectors = [weights["encoder.embedding.weight"][word] for word in source]
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    memory, c = read(vectors, [weights[f"encoder.rnn.{name}"] for name in names])
    h = memory[-1]
    if model.two_way:
        back, c_back = read(vectors[::-1], [weights[f"encoder.rnn.{name}_reverse"] for name in names])
        h, c = torch.cat([h, back[-1]]), torch.cat([c, c_back])
        memory = [torch.cat(both) for both in zip(memory, back[::-1], strict=True)]
    h = torch.tanh(weights["bridge.h.weight"] @ h + weights["bridge.h.bias"])
    return memory, h, weights["bridge.c.weight"] @ c + weights["bridge.c.bias"]


def run(model, source, inputs):
    """Logits (T, V) for one source and what its decoder reads, and attention weights (T, S), or None."""
    weights = dict(model.named_parameters())
    memory, h, c = encode(model, weights, source)
    place = "decoder.cell.{}" if model.timing == "before" else "decoder.rnn.{}_l0"
    cell = [weights[place.format(name)] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    logits, looks = [], []
    for word in inputs:
        x = weights["decoder.embedding.weight"][word]
        if model.attention == "none":
            h, c = lstm_cell(x, h, c, *cell)
            read_out = h
        else:
            if model.timing == "before":
                context, shares = look(model.attention, h, memory, weights)
                h, c = lstm_cell(torch.cat([x, context]), h, c, *cell)
            else:
                h, c = lstm_cell(x, h, c, *cell)
                context, shares = look(model.attention, h, memory, weights)
            read_out = torch.tanh(weights["decoder.combine.weight"] @ torch.cat([context, h]))
            looks.append(shares)
        logits.append(weights["decoder.output.weight"] @ read_out + weights["decoder.output.bias"])
    return torch.stack(logits), torch.stack(looks) if looks else None
