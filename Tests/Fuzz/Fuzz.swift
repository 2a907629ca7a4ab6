// What libFuzzer calls with each input that it made up. `scripts/fuzz` builds this file with the compiler's sources
// and Tests/SegmentCompilerTests/Fuzz/ParserProperties.swift; the package does not know it.
import Foundation

@testable import SegmentCompiler

private let isOfExpressions = ProcessInfo.processInfo.environment["FUZZ_TARGET"] == "expressions"

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  do {
    if isOfExpressions {
      try ParserProperties.expression(text)
    } else {
      try ParserProperties.definitions(text)
    }
  } catch {
    // libFuzzer takes the end of the process for a finding, and keeps the input.
    fatalError("\(error)")
  }
  return 0
}
