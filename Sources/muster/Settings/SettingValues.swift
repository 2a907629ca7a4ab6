import Foundation
import SegmentCompiler
import SegmentService

/// What the settings file and the environment say. Every problem with it is kept, and told by ``check()``.
final class SettingValues {
  enum Origin: Equatable {
    case file(String)
    case variable(String)
  }

  private struct Value {
    var document: Document
    /// Where problems with it are.
    var place: String
    var origin: Origin
  }

  static let fileName = "settings.yaml"
  /// Names the settings file, if it is not in the workspace's folder.
  static let fileVariable = "MUSTER_SETTINGS"

  private let inFile = DocumentReader()
  private let inEnvironment = DocumentReader()
  private let fileName: String
  private var values: [Setting: Value] = [:]

  /// - Parameters:
  ///   - file: nil for that of the workspace, which may be missing.
  ///   - environment: goes before the file.
  /// - Throws: ``Diagnostics`` where the file cannot be read.
  convenience init(
    folder: WorkspaceFolder, file: String? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws {
    let own = folder.root.appending(path: SettingValues.fileName).path
    let named = file ?? environment[SettingValues.fileVariable].flatMap { $0.isEmpty ? nil : $0 }
    let path = named ?? own
    let isThere = named != nil || FileManager.default.fileExists(atPath: path)
    try self.init(
      path: path, text: isThere ? TextFile(path: path, atMost: 1 << 20).text : "",
      environment: environment)
  }

  /// - Parameter path: of the file with this text.
  /// - Throws: ``Diagnostics`` where the text is no YAML.
  init(path: String, text: String, environment: [String: String]) throws {
    fileName = (path as NSString).lastPathComponent
    do {
      if let document = try Document.parse(text).first {
        read(document, at: "", in: URL(filePath: path))
      }
    } catch let problems as Diagnostics {
      throw problems.located(in: Document(.null), file: fileName)
    }
    read(environment)
  }

  // MARK: Typed values: nil where it is not set, or wrong and noted

  /// Of secrets, too.
  func text(_ setting: Setting) -> String? {
    value(setting) { $0.text($1, at: $2) }
  }

  func number(_ setting: Setting) -> Int? {
    guard case .number(let range) = setting.kind else { return nil }
    return value(setting) { $0.wholeNumber($1, at: $2, in: range) }
  }

  func flag(_ setting: Setting) -> Bool? {
    value(setting) { $0.boolean($1, at: $2) }
  }

  func word<Word: RawRepresentable & CaseIterable>(_ setting: Setting, as type: Word.Type) -> Word?
  where Word.RawValue == String {
    value(setting) { $0.word($1, at: $2, as: type) }
  }

  /// A list of texts, or one text; in the environment with commas between them.
  func texts(_ setting: Setting) -> [String]? {
    value(setting) { reader, document, place in
      switch document.value {
      case .list(let items):
        items.enumerated().compactMap { reader.text($1, at: "\(place)[\($0)]") }
      case .scalar(.text(let text)) where values[setting]?.origin == .variable(setting.variable):
        text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      default: reader.text(document, at: place, expected: "a list of texts").map { [$0] }
      }
    }
  }

  /// A mapping from texts to words of a closed set, in its order; in the environment as `{a: b, c: d}`.
  func words<Word: RawRepresentable & CaseIterable>(_ setting: Setting, as type: Word.Type)
    -> [(key: String, value: Word)]?
  where Word.RawValue == String {
    value(setting) { reader, document, place in
      guard case .mapping(let entries) = document.value else {
        reader.note(
          "wrongShape", at: place, "A mapping is expected here, not \(document.kind).",
          in: document)
        return nil
      }
      return entries.compactMap { entry in
        reader.word(entry.value, at: DocumentReader.join(place, entry.key), as: type)
          .map { (entry.key, $0) }
      }
    }
  }

  /// Notes a problem with a value that was read.
  func note(_ message: String, of setting: Setting, hint: String? = nil) {
    guard let value = values[setting] else { return }
    reader(of: value).note(
      "badSetting", at: value.place, message, hint: hint, in: value.document)
  }

  func origin(of setting: Setting) -> Origin? { values[setting]?.origin }

  /// What it is set to, for people; secrets are not shown, and nothing of what is not set.
  func shown(_ setting: Setting) -> String {
    guard let value = values[setting] else { return "" }
    if setting.kind == .secret { return "(secret)" }
    return value.document.yaml.split(separator: "\n").joined(separator: " ")
  }

  /// - Throws: ``Diagnostics`` with every problem noted so far.
  func check() throws {
    let inLines = inFile.diagnostics.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
    let problems =
      Diagnostics(inLines).located(in: Document(.null), file: fileName).all
      + inEnvironment.diagnostics
    guard problems.isEmpty else { throw Diagnostics(problems) }
  }

  private func value<Result>(
    _ setting: Setting, _ read: (DocumentReader, Document, _ place: String) -> Result?
  ) -> Result? {
    guard let value = values[setting] else { return nil }
    return read(reader(of: value), value.document, value.place)
  }

  private func reader(of value: Value) -> DocumentReader {
    if case .file = value.origin { inFile } else { inEnvironment }
  }

  // MARK: The file

  private func read(_ document: Document, at place: String, in file: URL) {
    if case .null = document.value { return }
    let prefix = place.isEmpty ? "" : place + "."
    let below = Setting.allCases.filter { $0.rawValue.hasPrefix(prefix) }
    let paths = below.flatMap {
      $0.kind == .secret ? [$0.rawValue, $0.rawValue + Setting.secretSuffix] : [$0.rawValue]
    }
    var known: [String] = []
    for path in paths {
      let key = String(path.dropFirst(prefix.count).prefix { $0 != "." })
      if !known.contains(key) { known.append(key) }
    }
    guard let entries = inFile.mapping(document, at: place, known: known) else { return }
    for key in known {
      guard let entry = entries[key] else { continue }
      let place = prefix + key
      if let setting = Setting(rawValue: place) {
        set(setting, entry, at: place, in: file)
      } else if let setting = Setting.secret(in: place) {
        guard let path = inFile.text(entry, at: place, expected: "a path") else { continue }
        setSecret(
          setting, from: URL(filePath: path, relativeTo: file), at: place,
          origin: .file(fileName), in: entry)
      } else {
        read(entry, at: place, in: file)
      }
    }
  }

  private func set(_ setting: Setting, _ document: Document, at place: String, in file: URL) {
    guard document.value != .null else { return }
    if setting.kind == .secret, SettingValues.isOpenToOthers(file) {
      inFile.note(
        "openSecret", at: place, "Others can read this file, and it holds a secret.",
        hint: "Run 'chmod 600 \(fileName)', or name a file with \(place)\(Setting.secretSuffix).",
        in: document)
    }
    values[setting] = Value(document: document, place: place, origin: .file(fileName))
  }

  private static func isOpenToOthers(_ file: URL) -> Bool {
    var status = stat()
    return stat(file.path, &status) == 0 && status.st_mode & 0o077 != 0
  }

  private func setSecret(
    _ setting: Setting, from file: URL, at place: String, origin: Origin, in document: Document?
  ) {
    do {
      let text = try TextFile(path: file.path, atMost: 1 << 16).text
      values[setting] = Value(
        document: Document(.scalar(.text(text.trimmingCharacters(in: .newlines)))), place: place,
        origin: origin)
    } catch {
      let problem = (error as? Diagnostics)?.all.first?.message ?? "\(error)"
      (origin == .file(fileName) ? inFile : inEnvironment).note(
        "unreadable", at: place, "\(file.path): \(problem)", in: document)
    }
  }

  // MARK: The environment

  private func read(_ environment: [String: String]) {
    let sections = Set(Setting.allCases.map { $0.rawValue.prefix { $0 != "." } })
    var known: [String: (Setting, isFile: Bool)] = [:]
    for setting in Setting.allCases {
      known[setting.variable] = (setting, false)
      if setting.kind == .secret { known["\(setting.variable)_FILE"] = (setting, true) }
    }
    for (name, text) in environment.sorted(by: { $0.key < $1.key }) where !text.isEmpty {
      if let (setting, isFile) = known[name] {
        if isFile {
          setSecret(
            setting, from: URL(filePath: text), at: name, origin: .variable(name), in: nil)
        } else {
          values[setting] = Value(
            document: SettingValues.document(text, of: setting), place: name,
            origin: .variable(name))
        }
      } else if sections.contains(where: { name.hasPrefix("\(Setting.variable(String($0)))_") }) {
        inEnvironment.note(
          "unknownKey", at: name, "There is no such setting.",
          hint: NearNames.hint(name, among: known.keys.sorted())
            ?? "'muster settings' lists them.")
      }
    }
  }

  /// What a variable's text stands for: numbers, booleans, lists and mappings as in the file, all else is text.
  private static func document(_ text: String, of setting: Setting) -> Document {
    let asText = Document(.scalar(.text(text)))
    switch setting.kind {
    case .text, .secret, .word: return asText
    case .flag, .number, .texts, .words: return (try? Document.parse(text))?.first ?? asText
    }
  }
}

extension Setting {
  /// The secret that a place such as `mail.passwordFile` names the file of.
  fileprivate static func secret(in place: String) -> Setting? {
    guard place.hasSuffix(secretSuffix) else { return nil }
    return Setting(rawValue: String(place.dropLast(secretSuffix.count))).flatMap {
      $0.kind == .secret ? $0 : nil
    }
  }
}
