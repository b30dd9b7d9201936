"""Trains the model of this sample with PyTorch on the digits of 02-TrainDigits and exports it.

    pip install torch onnx && python make_model.py     (writes digits.onnx beside itself)"""

import csv
import os

import torch

here = os.path.dirname(os.path.abspath(__file__))
with open(f"{here}/../../02-TrainDigits/Data/digits.csv") as file:
    rows = [[float(x) for x in row] for row in list(csv.reader(file))[1:]]
data = torch.tensor(rows)
images, labels = data[:, :64].reshape(-1, 1, 8, 8) / 16, data[:, 64].long()
torch.manual_seed(1)
train = torch.arange(len(data)) % 3 != 0
model = torch.nn.Sequential(
    torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU(),
    torch.nn.MaxPool2d(2), torch.nn.Flatten(), torch.nn.Linear(128, 10), torch.nn.Softmax(1))
optimizer = torch.optim.Adam(model.parameters(), 0.01)
for epoch in range(20):
    for batch in torch.randperm(int(train.sum())).split(64):
        x, y = images[train][batch], labels[train][batch]
        loss = torch.nn.functional.nll_loss(torch.log(model(x) + 1e-9), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
model.eval()
print((model(images[~train]).argmax(1) == labels[~train]).float().mean())
torch.onnx.export(
    model, images[:1], f"{here}/digits.onnx", input_names=["images"],
    output_names=["probabilities"], dynamic_axes={"images": {0: "batch"}}, opset_version=17,
    dynamo=False)
