import TenonTensor
import Testing

/// The texts of integers are NumPy's `array2string(array, separator=', ')`.
@Suite struct TensorDescriptionTests {
  func range(_ shape: [Int]) throws -> Tensor {
    try Tensor((0..<RowMajor.count(shape)).map { 1000 + $0 }, shape: shape)
  }

  @Test func smallTensorsAreWhole() throws {
    #expect(Tensor(Float(2.5)).description == "f32[] 2.5")
    #expect(Tensor([1.0, -0.5, 1e300]).description == "f64[3] [1.0, -0.5, 1e+300]")
    #expect(
      try range([2, 2, 3]).nested() == """
        [[[1000, 1001, 1002],
          [1003, 1004, 1005]],

         [[1006, 1007, 1008],
          [1009, 1010, 1011]]]
        """)
    #expect(
      try range([2, 2, 2, 1]).nested() == """
        [[[[1000],
           [1001]],

          [[1002],
           [1003]]],


         [[[1004],
           [1005]],

          [[1006],
           [1007]]]]
        """)
    #expect(try Tensor([Float](), shape: [2, 0, 3]).description == "f32[2, 0, 3] []")
  }

  @Test func longVectorsAreElided() throws {
    #expect(try range([1500]).nested() == "[1000, 1001, 1002, ..., 2497, 2498, 2499]")
    #expect(try range([1000]).nested().contains("...") == false)
    #expect(try range([1001]).nested() == "[1000, 1001, 1002, ..., 1998, 1999, 2000]")
  }

  @Test func longMatricesAreElidedAlongBothAxes() throws {
    #expect(
      try range([80, 100]).nested() == """
        [[1000, 1001, 1002, ..., 1097, 1098, 1099],
         [1100, 1101, 1102, ..., 1197, 1198, 1199],
         [1200, 1201, 1202, ..., 1297, 1298, 1299],
         ...,
         [8700, 8701, 8702, ..., 8797, 8798, 8799],
         [8800, 8801, 8802, ..., 8897, 8898, 8899],
         [8900, 8901, 8902, ..., 8997, 8998, 8999]]
        """)
  }

  @Test func axesOfSixOrLessStayWhole() throws {
    #expect(
      try range([6, 168]).nested() == """
        [[1000, 1001, 1002, ..., 1165, 1166, 1167],
         [1168, 1169, 1170, ..., 1333, 1334, 1335],
         [1336, 1337, 1338, ..., 1501, 1502, 1503],
         [1504, 1505, 1506, ..., 1669, 1670, 1671],
         [1672, 1673, 1674, ..., 1837, 1838, 1839],
         [1840, 1841, 1842, ..., 2005, 2006, 2007]]
        """)
    #expect(
      try range([2, 4, 252]).nested() == """
        [[[1000, 1001, 1002, ..., 1249, 1250, 1251],
          [1252, 1253, 1254, ..., 1501, 1502, 1503],
          [1504, 1505, 1506, ..., 1753, 1754, 1755],
          [1756, 1757, 1758, ..., 2005, 2006, 2007]],

         [[2008, 2009, 2010, ..., 2257, 2258, 2259],
          [2260, 2261, 2262, ..., 2509, 2510, 2511],
          [2512, 2513, 2514, ..., 2761, 2762, 2763],
          [2764, 2765, 2766, ..., 3013, 3014, 3015]]]
        """)
  }

  @Test func elidedMatricesAreSeparatedByEmptyLines() throws {
    #expect(
      try range([8, 2, 70]).nested() == """
        [[[1000, 1001, 1002, ..., 1067, 1068, 1069],
          [1070, 1071, 1072, ..., 1137, 1138, 1139]],

         [[1140, 1141, 1142, ..., 1207, 1208, 1209],
          [1210, 1211, 1212, ..., 1277, 1278, 1279]],

         [[1280, 1281, 1282, ..., 1347, 1348, 1349],
          [1350, 1351, 1352, ..., 1417, 1418, 1419]],

         ...,

         [[1700, 1701, 1702, ..., 1767, 1768, 1769],
          [1770, 1771, 1772, ..., 1837, 1838, 1839]],

         [[1840, 1841, 1842, ..., 1907, 1908, 1909],
          [1910, 1911, 1912, ..., 1977, 1978, 1979]],

         [[1980, 1981, 1982, ..., 2047, 2048, 2049],
          [2050, 2051, 2052, ..., 2117, 2118, 2119]]]
        """)
  }

  @Test func aShorterLimitMayBeAsked() throws {
    #expect(try range([9]).nested(threshold: 5, edge: 2) == "[1000, 1001, ..., 1007, 1008]")
    #expect(try range([9]).nested(threshold: 9, edge: 2) == range([9]).nested())
  }

  @Test func elementsOfEveryType() throws {
    func text(_ type: ElementType, _ values: [Double]) throws -> String {
      try Tensor(type, shape: [values.count], doubles: values).nested()
    }
    #expect(try text(.f64, [0.1, 1e-300, -0.0]) == "[0.1, 1e-300, -0.0]")
    #expect(try text(.f32, [0.1, .infinity, .nan]) == "[0.1, inf, nan]")
    #expect(try text(.f16, [0.1, 65504, -.infinity]) == "[0.1, 65504.0, -inf]")
    #expect(try text(.bf16, [0.1, 1e10]) == "[0.100097656, 9.999221e+09]")
    #expect(try text(.f8e4m3fn, [448, 0.3]) == "[448.0, 0.3125]")
    #expect(try text(.f4e2m1fn, [6, -0.5]) == "[6.0, -0.5]")
    #expect(Tensor([true, false]).description == "bool[2] [true, false]")
    #expect(Tensor([UInt64.max]).description == "u64[1] [18446744073709551615]")
    #expect(Tensor([Int64.min]).description == "i64[1] [-9223372036854775808]")
    #expect(try Tensor(.i4, shape: [2], integers: [-8, 7]).description == "i4[2] [-8, 7]")
    #expect(
      try Tensor(strings: ["a\"\n", "ß"], shape: [2]).description
        == "string[2] [\"a\\\"\\n\", \"ß\"]")
    let complex = try Tensor(.complex64, shape: [2]) { bytes in
      bytes.copyBytes(
        from: ([1, -2, -0.0, 3] as [Float]).flatMap { value in
          withUnsafeBytes(of: value) { Array($0) }
        })
    }
    #expect(complex.description == "complex64[2] [1.0-2.0i, -0.0+3.0i]")
  }
}
