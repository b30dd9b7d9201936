@_exported import TenonTensor
