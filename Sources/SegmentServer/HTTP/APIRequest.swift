import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SegmentCompiler

/// A request whose parameters are as the contract wants them.
///
/// A handler asks only for parameters that its operation has.
struct APIRequest: Sendable {
  let route: Route
  /// What the log calls it.
  let id: String
  /// The texts of the parameters that were given, or that stand for what was not.
  let values: [String: [String]]
  let body: ByteBuffer
  let contentType: String?
  /// Who asks.
  let caller: Caller
  let cookies: Cookies
  /// The host that it was sent to, as the client calls it, with its port.
  let authority: String?
  let logger: Logger

  func text(_ name: String) -> String? { values[name]?.first }
  func texts(_ name: String) -> [String] { values[name] ?? [] }
  func integer(_ name: String) -> Int? { text(name).flatMap { Int($0) } }
  func flag(_ name: String) -> Bool { text(name) == "true" }
  func instant(_ name: String) -> Instant? { text(name).flatMap { Instant($0) } }

  func word<Word: RawRepresentable<String>>(_ name: String, as type: Word.Type) -> Word? {
    text(name).flatMap(Word.init)
  }

  func words<Word: RawRepresentable<String>>(_ name: String, as type: Word.Type) -> [Word] {
    texts(name).compactMap(Word.init)
  }

  /// A value that the contract requires, or has one where none is given.
  func required(_ name: String) throws -> String {
    guard let text = text(name) else {
      throw Problem(.badRequest, "missingParameter", "The parameter '\(name)' is missing.")
    }
    return text
  }

  /// The revision that `If-Match` names; nil for any.
  func expectedRevision() throws -> Int? {
    let text = try required("If-Match")
    if text == "*" { return nil }
    let digits = text.dropFirst().dropLast()
    guard text.hasPrefix("\""), text.hasSuffix("\""), let revision = Int(digits) else {
      throw Problem(
        .badRequest, "wrongETag",
        "If-Match is the ETag that was read, such as \"12\" with its quotes, or *.")
    }
    return revision
  }

  /// The body's text.
  func bodyText() throws -> String {
    guard let text = String(validating: body.readableBytesView, as: UTF8.self) else {
      throw Problem(.badRequest, "notUTF8", "The body is not UTF-8.")
    }
    return text
  }

  /// The body; nil where there is none and none is required.
  func document() throws -> Document? {
    guard body.readableBytes > 0 else { return nil }
    let text = try bodyText()
    if let document = Document(json: text) { return document }
    let documents: [Document]
    do {
      documents = try Document.parse(text)
    } catch let problems as Diagnostics {
      throw Problem(
        .badRequest, "notJSON", "The body cannot be read.",
        problems.all.map { DiagnosticBody($0) })
    }
    guard documents.count == 1 else {
      throw Problem(.badRequest, "notJSON", "The body must be one document.")
    }
    return documents[0]
  }

  /// Reads the body and tells all that is wrong with it at once.
  func decode<Value>(_ read: (DocumentReader, Document) throws -> Value?) throws -> Value {
    let reader = DocumentReader()
    let document = try document() ?? Document(.mapping([]))
    let value = try read(reader, document)
    let problems = Diagnostics(reader.diagnostics)
    guard problems.errors.isEmpty, let value else { throw problems.located(in: document) }
    return value
  }
}
