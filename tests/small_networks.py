"""Networks of every kind that layers are read from, small enough for a moment."""

import torch
from torch import nn

__all__ = ["SmallResNet", "TokenEncoder", "seeded", "transformer"]


def seeded(make, *args, seed=0, **kwargs):
    """A network with weights of its own, whatever was drawn before, and nothing drawn globally."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make(*args, **kwargs)


class Block(nn.Module):
    """Residual block of two convolutions; one activation module, called twice, in place."""

    def __init__(self, width_in, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or width_in != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(width_in, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class SmallResNet(nn.Module):
    """The ResNet of He and others for images of 8 x 8, two stages of two blocks."""

    def __init__(self, width=4, n_classes=3):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = nn.Sequential(Block(width, width, 1), Block(width, width, 1))
        self.layer2 = nn.Sequential(Block(width, 2 * width, 2), Block(2 * width, 2 * width, 1))
        self.fc = nn.Linear(2 * width, n_classes)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer2(self.layer1(x))
        return self.fc(x.mean(dim=(2, 3)))


def transformer(width=8, n_layers=2, **options):
    layer = nn.TransformerEncoderLayer(
        width, 2, dim_feedforward=2 * width, **{"batch_first": True, **options}
    )
    return nn.TransformerEncoder(layer, n_layers, enable_nested_tensor=options.get("nested", False))


class TokenEncoder(nn.Module):
    """Words to states, with the interface of the libraries of language models."""

    def __init__(self, n_words=30, width=8, n_layers=2, length=12):
        super().__init__()
        self.words = nn.Embedding(n_words, width)
        self.positions = nn.Embedding(length, width)
        self.encoder = transformer(width, n_layers)
        self.pooler = nn.Linear(width, width)

    def forward(self, input_ids, attention_mask=None, return_dict=True):
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.words(input_ids) + self.positions(places)
        padding = None if attention_mask is None else attention_mask == 0
        x = self.encoder(x, src_key_padding_mask=padding)
        return {"last_hidden_state": x, "pooler_output": torch.tanh(self.pooler(x[:, 0]))}
