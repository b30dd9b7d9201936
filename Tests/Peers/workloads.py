"""The networks and operators that `make compare` times: PyTorch modules with random weights from a
fixed seed, their inputs, and what Tenon is held to. A Workload is one line of the tables below."""

import dataclasses
import functools
import warnings
import zlib

import torch
from torch import nn

warnings.filterwarnings("ignore")


@dataclasses.dataclass
class Workload:
    """`make` gives a module and its inputs; `ratio` is the largest allowed quotient of Tenon's quiet
    time and that of the best peer of the same precision; `names` are the inputs' names; `open_sizes`
    maps an input to its axes that stay open, {axis: name}, with the largest size of each name in
    `bounds`; `options` are further ones for Tenon. A share of the peak from `share` on will do in the
    ratio's place; it counts the operations of sums term by term, whatever computes them."""

    make: callable
    ratio: float
    precision: str = "f32"
    names: tuple = ("x",)
    open_sizes: dict = dataclasses.field(default_factory=dict)
    bounds: dict = dataclasses.field(default_factory=dict)
    group: str = "networks"
    options: tuple = ()
    share: float = 0.92

    def build(self, name):
        torch.manual_seed(zlib.crc32(name.split("@")[0].encode()))
        module, inputs = self.make()
        return module.eval(), inputs


def settle(module, *inputs):
    """Gives batch normalization the statistics of real activations, and its scales some spread."""
    norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        nn.init.uniform_(norm.weight, 0.7, 1.3)
        nn.init.uniform_(norm.bias, -0.2, 0.2)
        norm.momentum = 0.5
        norm.train()
    for _ in range(4 if norms else 0):
        module(*[torch.randn(max(2, x.shape[0]), *x.shape[1:]) for x in inputs])
    return module.eval()


def image_network(name, batch=1, size=224):
    def make():
        import torchvision

        module = getattr(torchvision.models, name)(weights=None).eval()
        if name == "vit_b_16":
            nn.init.normal_(module.heads.head.weight, std=0.02)
        x = torch.randn(batch, 3, size, size)
        return settle(module, x), (x,)

    return make


class UNet(nn.Module):
    def __init__(self, width=32, depth=4):
        super().__init__()

        def block(a, b):
            layers = []
            for c in (a, b):
                layers += [nn.Conv2d(c, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
            return nn.Sequential(*layers)

        widths = [width << i for i in range(depth + 1)]
        self.down = nn.ModuleList(block(a, b) for a, b in zip([3] + widths, widths))
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in zip(widths, widths[1:]))
        self.merge = nn.ModuleList(block(b, a) for a, b in zip(widths, widths[1:]))
        self.head = nn.Conv2d(width, 2, 1)

    def forward(self, x):
        kept = []
        for i, layer in enumerate(self.down):
            x = layer(x if i == 0 else nn.functional.max_pool2d(x, 2))
            kept.append(x)
        for i in reversed(range(len(self.up))):
            x = self.merge[i](torch.cat([kept[i], self.up[i](x)], 1))
        return self.head(x)


def unet():
    x = torch.randn(1, 3, 256, 256)
    return settle(UNet(), x), (x,)


class Encoder(nn.Module):
    """BERT without its pooler; mean-pooled and normalized as sentence encoders do, if asked."""

    def __init__(self, model, pools):
        super().__init__()
        self.model, self.pools = model, pools

    def forward(self, input_ids, attention_mask, token_type_ids):
        hidden = self.model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]
        if not self.pools:
            return hidden
        weights = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
        return nn.functional.normalize(mean, p=2.0, dim=1)


def encoder(batch=1, pools=False, **sizes):
    def make():
        import transformers

        config = transformers.BertConfig(**sizes)
        module = Encoder(transformers.BertModel(config, add_pooling_layer=False), pools)
        ids = torch.randint(1000, config.vocab_size, (batch, 128))
        mask = torch.ones(batch, 128, dtype=torch.long)
        for row in range(1, batch):
            mask[row, 128 - 12 * row:] = 0
        return module, (ids, mask, torch.zeros_like(ids))

    return make


class Decoder(nn.Module):
    """GPT-2's logits; with a past, one layer's keys and values after the other, and those after it."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, *past):
        import transformers

        if not past:
            return self.model(input_ids=input_ids, use_cache=False, return_dict=False)[0]
        cache = transformers.DynamicCache()
        for layer in range(len(past) // 2):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        out = self.model(input_ids=input_ids, past_key_values=cache, use_cache=True)
        return (out.logits, *[t for x in out.past_key_values.layers for t in (x.keys, x.values)])


def gpt2(tokens, past=0):
    def make():
        import transformers

        module = Decoder(transformers.GPT2LMHeadModel(transformers.GPT2Config()))
        kept = [0.5 * torch.randn(1, 12, past, 64) for _ in range(24 if past else 0)]
        return module, (torch.randint(0, 50257, (1, tokens)), *kept)

    return make


class LSTMClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(64, 256, num_layers=2), nn.Linear(256, 10)

    def forward(self, x):
        return self.head(self.lstm(x)[0][-1])


def mlp(batch):
    def make():
        module = nn.Sequential(
            nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
        return module, (torch.randn(batch, 784),)

    return make


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def chain(x):
    y = torch.relu(x * 1.1 + 0.5) ** 2 - 0.3
    return ((y.clamp_max(4.0).abs() * 0.7 + x) * 0.9).clamp_min(-1.0)


def rowwise(function, *sizes):
    return lambda: (Function(function), (torch.randn(*sizes),))


def attention(heads, length, width):
    return lambda: (
        Function(nn.functional.scaled_dot_product_attention),
        tuple(torch.randn(1, heads, length, width) for _ in range(3)))


def product(m, k, n):
    return lambda: (nn.Linear(k, n, bias=False), (torch.randn(m, k),))


def convolution(channels, size, kernel, stride, features, groups=1):
    def make():
        module = nn.Conv2d(
            channels, features, kernel, stride, kernel // 2, groups=groups, bias=False)
        return module, (torch.randn(1, channels, size, size),)

    return make


PAST = tuple(f"past_{layer}_{part}" for layer in range(12) for part in ("key", "value"))
TOKENS = ("input_ids", "attention_mask", "token_type_ids")
MINI = dict(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
BFLOAT16 = ("--precision", "bf16")


def decoding(precision="f32"):
    """A step of GPT-2 with keys and values of 192 tokens, in a plan for up to 256; `w8` and `w4` are
    weights of 8 and 4 bits."""
    return Workload(
        gpt2(1, past=192), 0.8, precision, names=("input_ids", *PAST),
        open_sizes={name: {2: "past"} for name in PAST}, bounds={"past": 256})


WORKLOADS = {
    "resnet50": Workload(image_network("resnet50"), 0.72),
    "resnet50@strict": Workload(
        image_network("resnet50"), 1.0, options=("--precision", "strict")),
    "resnet50_b8": Workload(image_network("resnet50", 8), 0.75),
    "unet": Workload(unet, 0.5),
    "mobilenet_v2": Workload(image_network("mobilenet_v2"), 0.8, share=0.88),
    "efficientnet_b0": Workload(image_network("efficientnet_b0"), 0.55, share=0.88),
    "bert_base": Workload(encoder(), 0.9, names=TOKENS, share=0.88),
    "minilm": Workload(encoder(pools=True, **MINI), 0.86, names=TOKENS, share=0.88),
    "minilm_b8": Workload(encoder(8, pools=True, **MINI), 0.86, names=TOKENS, share=0.88),
    "vit_b_16": Workload(image_network("vit_b_16"), 0.86, share=0.88),
    "gpt2": Workload(gpt2(128), 0.92, names=("input_ids",), share=0.88),
    "gpt2_decode": decoding(),
    "gpt2_decode@w8": decoding("w8"),
    "gpt2_decode@w4": decoding("w4"),
    "lstm": Workload(lambda: (LSTMClassifier(), (torch.randn(100, 16, 64),)), 0.88),
    "mlp_b64": Workload(mlp(64), 0.95),
    "mlp_b1": Workload(mlp(1), 0.7),
    "bert_base@bf16": Workload(encoder(), 0.85, "bf16", names=TOKENS, options=BFLOAT16),
    "resnet50@bf16": Workload(image_network("resnet50"), 0.92, "bf16", options=BFLOAT16),
    "resnet50@int8": Workload(image_network("resnet50"), 0.9, "int8"),
    "mobilenet_v2@int8": Workload(image_network("mobilenet_v2"), 0.6, "int8"),
}

ROWWISE = {
    "chain_16M": rowwise(chain, 4096, 4096),
    "gelu_16M": rowwise(nn.functional.gelu, 4096, 4096),
    "softmax_4096x4096": rowwise(functools.partial(torch.softmax, dim=-1), 4096, 4096),
    "layer_norm_8192x1024": lambda: (nn.LayerNorm(1024), (torch.randn(8192, 1024),)),
}
for name, make in ROWWISE.items():
    WORKLOADS[name] = Workload(make, 0.7, group="operators")
WORKLOADS["attention_12x512x64"] = Workload(
    attention(12, 512, 64), 0.7, names=("query", "key", "value"), group="operators")
WORKLOADS["depthwise_144x56"] = Workload(
    convolution(144, 56, 3, 1, 144, 144), 0.7, group="operators")

PRODUCTS = [
    (n, n, n) for n in (128, 256, 512, 1024, 2048, 4096)
] + [
    (4096, 4096, 64), (128, 768, 768), (128, 768, 3072), (128, 3072, 768), (64, 784, 512),
    (1, 4096, 4096), (16, 4096, 1024), (127, 333, 511), (1021, 509, 67), (33, 1000, 7),
]
CONVOLUTIONS = [
    (3, 224, 7, 2, 64), (64, 56, 1, 1, 64), (64, 56, 3, 1, 64), (64, 56, 1, 1, 256),
    (256, 56, 1, 1, 64), (256, 56, 1, 1, 128), (128, 56, 3, 2, 128), (128, 28, 1, 1, 512),
    (256, 56, 1, 2, 512), (512, 28, 1, 1, 128), (128, 28, 3, 1, 128), (512, 28, 1, 1, 256),
    (256, 28, 3, 2, 256), (256, 14, 1, 1, 1024), (512, 28, 1, 2, 1024), (1024, 14, 1, 1, 256),
    (256, 14, 3, 1, 256), (1024, 14, 1, 1, 512), (512, 14, 3, 2, 512), (512, 7, 1, 1, 2048),
    (1024, 14, 1, 2, 2048), (2048, 7, 1, 1, 512), (512, 7, 3, 1, 512),
]
for m, k, n in PRODUCTS:
    WORKLOADS[f"gemm_{m}x{k}x{n}"] = Workload(product(m, k, n), 1.08, group="products")
for c, s, k, stride, f in CONVOLUTIONS:
    WORKLOADS[f"conv_{c}x{s}_k{k}s{stride}_{f}"] = Workload(
        convolution(c, s, k, stride, f), 1.08, group="convolutions")
