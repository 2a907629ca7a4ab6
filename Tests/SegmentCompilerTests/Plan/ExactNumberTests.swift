import Testing

@testable import SegmentCompiler

@Suite struct ExactNumberTests {
  @Test(arguments: [
    ("0", "0"), ("-0", "0"), ("0.000", "0"), ("007", "7"), ("-12.50", "-12.5"), ("0.05", "0.05"),
    ("1e3", "1000"), ("1.5E+2", "150"), ("12e-3", "0.012"), ("1200e-2", "12"), ("0e9", "0"),
    ("100", "100"), ("123456789012345678901234567890.5", "123456789012345678901234567890.5"),
  ])
  func `numbers are exactly as written`(text: String, plain: String) throws {
    let number = try #require(ExactNumber(text))
    #expect(number.description == plain)
    #expect(ExactNumber(plain) == number)
  }

  @Test func `at most 200 digits`() {
    let nines = String(repeating: "9", count: 200)
    #expect(ExactNumber(nines)?.description == nines)
    #expect(ExactNumber("1" + nines) == nil)
    #expect(ExactNumber("1e199") != nil)
    #expect(ExactNumber("1e200") == nil)
    #expect(ExactNumber("1e201") == nil)
    #expect(ExactNumber("1e-200") != nil)
    #expect(ExactNumber("1e99999999999999999999") == nil)
    for text in ["", "-", "1.", ".5", "+1", "1e", "1,5", "0x1", "١"] {
      #expect(ExactNumber(text) == nil, "\(text)")
    }
  }

  @Test(arguments: [
    ("2.5", 0, "2"), ("-2.5", 0, "-3"), ("-0.001", 2, "-0.01"), ("0.001", 2, "0"),
    ("1.25", 2, "1.25"),
    ("-9.5", 0, "-10"), ("-99.99", 1, "-100"), ("-0.5", 0, "-1"), ("-1.05", 1, "-1.1"),
    ("7", 0, "7"),
  ])
  func `the next lower number of a scale`(text: String, scale: Int, floor: String) throws {
    let number = try #require(ExactNumber(text))
    #expect(number.floored(toScale: scale).description == floor)
  }

  @Test func `numbers are compared exactly`() throws {
    let ascending = [
      "-100", "-2.5", "-2.49", "-0.1", "0", "0.1", "0.10000000000000000001", "9", "10", "1e20",
    ]
    let numbers = try ascending.map { try #require(ExactNumber($0)) }
    for (i, left) in numbers.enumerated() {
      for (j, right) in numbers.enumerated() {
        #expect(left.isGreater(than: right) == (i > j), "\(left) \(right)")
      }
    }
  }

  @Test func `as an integer of 64 bits, and as a double`() {
    #expect(ExactNumber("-9223372036854775808")?.int64 == .min)
    #expect(ExactNumber("9223372036854775808")?.int64 == nil)
    #expect(ExactNumber("1.5")?.int64 == nil)
    #expect(ExactNumber("0.1")?.double == 0.1)
    #expect(ExactNumber("1e199")?.double == 1e199)
    #expect(ExactNumber("12.5")?.wholeDigits == 2 && ExactNumber("0.05")?.wholeDigits == 0)
  }
}
