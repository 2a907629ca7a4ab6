import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

/// Definition files read as one text, so that segments of one may refer to those of another.
struct DefinitionFiles {
  private var names: [String] = []
  /// The line of ``text`` before the first one of each file.
  private var offsets: [Int] = []
  private(set) var text = ""

  /// - Parameter paths: files; `-` is the standard input.
  init(paths: [String]) throws {
    for path in paths { add(try Self.read(path), name: path) }
  }

  mutating func add(_ content: String, name: String) {
    if !text.isEmpty, !Self.startsWithMarker(content) { text += "---\n" }
    names.append(name)
    offsets.append(text.utf8.count { $0 == UInt8(ascii: "\n") })
    text += content.hasSuffix("\n") ? content : content + "\n"
  }

  /// Where a line of the whole text stands: `vip.yaml:12`.
  func location(ofLine line: Int) -> String {
    let index = offsets.lastIndex { $0 < line } ?? 0
    return "\(names[index]):\(line - offsets[index])"
  }

  /// Runs `body`; problems of definitions are thrown with the file and line they stand in.
  func locatingProblems<Result>(_ body: (String) throws -> Result) throws -> Result {
    do { return try body(text) } catch { throw located(error) }
  }

  /// The same for a body that waits.
  func locatingProblems<Result: Sendable>(_ body: (String) async throws -> Result) async throws
    -> Result
  {
    do { return try await body(text) } catch { throw located(error) }
  }

  private func located(_ error: any Error) -> any Error {
    switch error {
    case let problems as Diagnostics: LocatedProblems(text: describe("", problems))
    case let problems as DefinitionErrors:
      LocatedProblems(text: problems.all.map(describe).joined(separator: "\n"))
    default: error
    }
  }

  private func describe(_ segment: String, _ problems: Diagnostics) -> String {
    (segment.isEmpty ? "" : "\(segment):\n")
      + problems.all.map { describe($0) }.joined(separator: "\n")
  }

  private func describe(_ problem: Diagnostic) -> String {
    guard let line = problem.line else { return problem.description }
    var rest = problem
    rest.line = nil
    return "\(location(ofLine: line)): \(rest)"
  }

  private static func startsWithMarker(_ content: String) -> Bool {
    let first = content.split(whereSeparator: \.isNewline)
      .first { !$0.allSatisfy(\.isWhitespace) && !$0.hasPrefix("#") }
    return first?.hasPrefix("---") ?? false
  }

  static func read(_ path: String) throws -> String {
    let data: Data
    if path == "-" {
      data = try FileHandle.standardInput.readToEnd() ?? Data()
    } else {
      do {
        data = try Data(contentsOf: URL(filePath: path))
      } catch {
        throw UnreadableFile(path: path)
      }
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw UnreadableFile(path: path, reason: "is not UTF-8")
    }
    return text
  }
}

/// Problems with the places where they stand.
struct LocatedProblems: Error {
  var text: String
}

struct UnreadableFile: Error, CustomStringConvertible {
  var path: String
  var reason = "cannot be read"

  var description: String { "The file \(path) \(reason)." }
}

/// A saved segment by its name, or a definition file.
enum DefinitionChoice: ExpressibleByArgument {
  case segment(String)
  case file(String)

  init(argument: String) {
    let endings = [".yaml", ".yml", ".json"]
    let isFile =
      argument == "-" || argument.contains("/") || endings.contains { argument.hasSuffix($0) }
    self = isFile ? .file(argument) : .segment(argument)
  }
}
