import Foundation
import SegmentCompiler

extension DefinitionSource {
  /// A definition with the keys of the file that it names in the place of the name.
  ///
  /// - Throws: ``Diagnostics`` where the file cannot be read, or with every line of it that has no valid key.
  func readingKeys(of definition: SegmentDefinition, catalog: Catalog) throws -> SegmentDefinition {
    // A text that is no file, or an unknown audience: planning says so.
    guard case .keysFile(let keys) = definition.content, let folders,
      let audience = catalog.audience(of: definition)
    else { return definition }
    let path = try path(of: keys, in: folders)
    var definition = definition
    // Keys of a type that nobody knows: planning says so too.
    guard let attribute = catalog.table(audience.table)?.attribute(audience.key) else {
      definition.content = .keys([])
      return definition
    }
    let shown = ((file ?? "") as NSString).deletingLastPathComponent
    var reader = KeyListReader(
      attribute: attribute, column: keys.column,
      file: (shown as NSString).appendingPathComponent(keys.path))
    let text = try TextFile(path: path, name: reader.file, atMost: TextFile.mostBytesOfKeys)
    let list = try reader.read(text.text, as: KeyFormat(path: path))
    definition.content = .keys(list.keys.map(\.scalar))
    return definition
  }

  /// Where the file is, which must be in the folder of the definitions: whoever may change those is not
  /// meant to read other files of this machine.
  private func path(of keys: KeysFile, in folders: (own: URL, root: URL)) throws -> String {
    let file = folders.own.appending(path: keys.path).standardizedFileURL
      .resolvingSymlinksInPath()
    let root = folders.root.resolvingSymlinksInPath().path
    let isBelow = file.path.hasPrefix(root.hasSuffix("/") ? root : root + "/")
    func problem(_ message: String) -> Diagnostics {
      Diagnostics([Diagnostic(code: "keysFile", place: "keysFile", message: message)])
    }
    guard isBelow, !keys.path.isEmpty, !keys.path.hasPrefix("/"),
      !keys.path.unicodeScalars.contains("\0")
    else {
      throw problem(
        "'\(keys.path)' leads out of the folder of the definitions; a file of keys is in it or below."
      )
    }
    guard FileManager.default.isReadableFile(atPath: file.path),
      !DefinitionSource.isFolder(file.path)
    else {
      throw problem("There is no file '\(keys.path)' beside the definition that can be read.")
    }
    return file.path
  }
}

extension Catalog {
  /// The audience that a definition is about; nil where there is none of that name.
  func audience(of definition: SegmentDefinition) -> Audience? {
    if let name = definition.audience { return audience(name) }
    return audiences.count == 1 ? audiences[0] : nil
  }
}
