import TenonGraph
import TenonTensor

// Tiles in C.
extension FunctionWriter {
  /// What every call of the kernel does before and after its tiles of work; nil where it multiplies
  /// none in tiles.
  var tileFrame: (before: String, after: String)? {
    guard let product = FunctionWriter.product(kernel.body) else { return nil }
    // Intel's manual, volume 1, table 18-2: the palette, then bytes of a row and rows by register.
    var shapes = [Int](repeating: 0, count: 64)
    shapes[0] = 1
    func set(_ register: Int, rows: Int, bytes: Int) {
      shapes[16 + 2 * register] = bytes
      shapes[48 + register] = rows
    }
    for row in product.rowOffsets.indices {
      for vector in 0..<product.mostVectors {
        set(product.sums(row, vector), rows: product.height, bytes: 4 * TileProduct.columns)
      }
      set(product.row(row), rows: product.height, bytes: 4 * product.tuples)
    }
    for vector in 0..<product.mostVectors {
      set(product.column(vector), rows: product.tuples, bytes: 4 * TileProduct.columns)
    }
    let numbers = shapes.map { "\($0)" }.joined(separator: ",")
    return (
      "static const u8 tileShapes[64] __attribute__((aligned(64))) = {\(numbers)};\n"
        + "  __builtin_ia32_tile_loadconfig(tileShapes);",
      "__builtin_ia32_tilerelease();"
    )
  }

  /// The first product in tiles; all of a kernel have the same registers.
  private static func product(_ statements: [Statement]) -> TileProduct? {
    for statement in statements {
      switch statement {
      case .tiles(let product, _): return product
      case .loop(let loop):
        if let product = product(loop.body) { return product }
      case .conditional(_, let first, let second):
        if let product = product(first + second) { return product }
      case .define, .set, .store, .prefetch: continue
      }
    }
    return nil
  }

  mutating func tiles(_ product: TileProduct, _ step: TileStep) {
    let rows = product.rowOffsets.indices
    func load(_ register: Int, _ address: Address, _ stride: Int, _ element: ElementType) {
      line(
        "__builtin_ia32_tileloadd64(\(register), \(pointer(address)), "
          + "\(stride * element.byteWidth)l);")
    }
    switch step {
    case .clear:
      for row in rows {
        for vector in 0..<product.vectors {
          line("__builtin_ia32_tilezero(\(product.sums(row, vector)));")
        }
      }
    case .multiply(let address, let columns):
      let function =
        switch (product.rowElement, product.columnElement) {
        case (.bf16, _): "tdpbf16ps"
        case (.u8, _): "tdpbusd"
        default: "tdpbsud"
        }
      for row in rows {
        let start = Address(
          address.memory, address.offset + Dimension(product.rowOffsets[row] * product.rowStride))
        load(product.row(row), start, product.rowStride, product.rowElement)
        for vector in 0..<product.vectors {
          if row == 0 {
            load(
              product.column(vector), columns[vector], product.columnStride,
              product.columnElement)
          }
          line(
            "__builtin_ia32_\(function)(\(product.sums(row, vector)), \(product.row(row)), "
              + "\(product.column(vector)));")
        }
      }
    case .store(let address):
      for row in rows {
        for vector in 0..<product.vectors {
          let offset =
            product.rowOffsets[row] * product.sumStride + vector * TileProduct.columns
          let place = Address(address.memory, address.offset + Dimension(offset))
          line(
            "__builtin_ia32_tilestored64(\(product.sums(row, vector)), \(pointer(place)), "
              + "\(product.sumStride * 4)l);")
        }
      }
    }
  }
}
