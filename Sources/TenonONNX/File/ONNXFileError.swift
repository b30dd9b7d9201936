import TenonTensor

extension TenonError {
  /// `f.onnx: not in the ONNX format: the bytes end inside a number, at byte 12`.
  static func wire(_ file: String, _ problem: String, at offset: Int) -> TenonError {
    TenonError("model-file", "\(file): not in the ONNX format: \(problem), at byte \(offset)")
  }

  static func notParsed(_ file: String, _ what: String, _ problem: String) -> TenonError {
    TenonError(
      "model-file", "\(file): not \(what) in the ONNX format", details: ["parser: \(problem)"])
  }

  static func claimedSpan(_ file: String) -> TenonError {
    TenonError("model-file", "\(file): not in the ONNX format: field 536870911 is not of it")
  }

  static func valueKind(_ file: String) -> TenonError {
    TenonError(
      "model-file",
      "\(file): holds a sparse tensor or a map; tensors, sequences and optionals are "
        + "read")
  }

  // MARK: Tensors

  private static func tensor(_ name: String, _ problem: String) -> TenonError {
    TenonError("model-tensor", "tensor \(name.isEmpty ? "(no name)" : name): \(problem)")
  }

  private static func text(_ type: ElementType, _ shape: [Int]) -> String {
    "\(type)\(text(shape))"
  }

  private static func text(_ shape: [Int]) -> String {
    "[" + shape.map(String.init).joined(separator: "x") + "]"
  }

  static func storedType(_ name: String, _ number: Int) -> TenonError {
    switch number {
    case 0: tensor(name, "has no element type")
    case 27: tensor(name, "has the element type FLOAT6E2M3, which is not supported")
    case 28: tensor(name, "has the element type FLOAT6E3M2, which is not supported")
    default: tensor(name, "has the element type \(number), which is not known")
    }
  }

  static func storedSize(_ name: String, _ size: Int) -> TenonError {
    tensor(name, "has the size \(size); sizes are >= 0")
  }

  static func storedCount(_ name: String, _ shape: [Int]) -> TenonError {
    tensor(name, "the shape \(text(shape)) is too large to hold in memory")
  }

  static func storedTwice(_ name: String, _ fields: [String]) -> TenonError {
    tensor(name, "has elements in \(fields.joined(separator: " and in ")); one place is right")
  }

  static func storedNothing(_ name: String, _ type: ElementType, _ shape: [Int]) -> TenonError {
    tensor(name, "is \(text(type, shape)), but the file holds no elements of it")
  }

  static func storedBytes(
    _ name: String, _ type: ElementType, _ shape: [Int], _ field: String, held: Int, needed: Int
  ) -> TenonError {
    tensor(name, "\(text(type, shape)) takes \(needed) bytes, \(field) holds \(held)")
  }

  static func storedElements(
    _ name: String, _ type: ElementType, _ shape: [Int], _ field: String, held: Int, needed: Int
  ) -> TenonError {
    tensor(name, "\(text(type, shape)) takes \(needed) numbers, \(field) holds \(held)")
  }

  static func storedField(_ name: String, _ type: ElementType, _ field: String, _ own: String)
    -> TenonError
  {
    tensor(
      name,
      "elements of \(type) are stored in \(type == .string ? "" : "raw_data or ")\(own), not in "
        + field)
  }

  static func storedValue(_ name: String, _ type: ElementType, _ value: String) -> TenonError {
    tensor(name, "the number \(value) is no element of \(type)")
  }

  static func storedText(_ name: String, _ index: Int) -> TenonError {
    tensor(name, "string \(index) is not UTF-8")
  }

  // MARK: Sparse tensors

  static func sparseStrings(_ name: String) -> TenonError {
    tensor(name, "a sparse tensor cannot hold strings")
  }

  static func sparseValues(_ name: String, _ shape: [Int]) -> TenonError {
    tensor(name, "the values of a sparse tensor must be a vector, not \(text(shape))")
  }

  static func sparseIndices(_ name: String, _ indices: Tensor, _ count: Int, _ shape: [Int])
    -> TenonError
  {
    tensor(
      name,
      "the indices of \(count) values in \(text(shape)) must be i64[\(count)] or i64"
        + "\(text([count, shape.count])), not \(indices.typeDescription)")
  }

  static func sparseIndex(_ name: String, _ index: Int, _ size: Int) -> TenonError {
    tensor(name, "the index \(index) is out of range for the size \(size)")
  }

  static func sparseOrder(_ name: String, _ place: Int, _ last: Int) -> TenonError {
    tensor(name, "indices must rise, but \(place) comes after \(last)")
  }

  // MARK: External data

  private static func external(_ name: String, _ problem: String) -> TenonError {
    TenonError("external-data", "tensor \(name.isEmpty ? "(no name)" : name): \(problem)")
  }

  static func externalStrings(_ name: String) -> TenonError {
    external(name, "strings cannot be external data")
  }

  static func externalWithoutLocation(_ name: String) -> TenonError {
    external(name, "is external data without a location")
  }

  static func externalNumber(_ name: String, _ key: String, _ text: String) -> TenonError {
    external(name, "the \(key) of external data must be a number >= 0, not `\(text)`")
  }

  static func externalLength(_ name: String, _ length: Int, needed: Int) -> TenonError {
    external(name, "takes \(needed) bytes, but its external data has the length \(length)")
  }

  static func externalEnd(
    _ name: String, _ location: String, offset: Int, needed: Int, held: Int
  ) -> TenonError {
    external(
      name,
      "takes \(needed) bytes from byte \(offset) of \(location), which holds only \(held)")
  }

  static func externalOfBytes(_ name: String, _ location: String) -> TenonError {
    external(
      name, "is in the file \(location), which a model in memory cannot reach; open it by its path")
  }

  static func externalOutside(_ name: String, _ location: String) -> TenonError {
    external(
      name,
      "its external data `\(location)` is not inside the model's folder; files outside are not read"
    )
  }
}
