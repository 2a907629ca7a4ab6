import ArgumentParser
import SegmentCompiler
import SegmentEngines
import SegmentService

struct PreviewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Show the first members that a definition selects now, without publishing anything.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var asOf: AsOfOption

  @Argument(help: "A segment's name or a definition file.", completion: .file())
  var definition: DefinitionChoice

  @Option(help: "How many members to show.")
  var rows = 20

  func validate() throws {
    if rows < 0 { throw ValidationError("--rows must not be negative.") }
  }

  func run() async throws {
    let service = try options.open(for: "preview")
    let instant = try asOf.instant(in: service.definition.timeZone)
    let previews: [Preview]
    switch definition {
    case .segment(let name):
      previews = [try await service.preview(segment: name, rows: rows, asOf: instant)]
    case .file(let path):
      previews = try await service.preview(
        DefinitionSource.read([path]), rows: rows, asOf: instant)
    }
    Terminal.print(previews.map(previewText).joined(separator: "\n\n"))
    printWarnings(previews.map { ($0.segment, $0.warnings) })
  }
}

func previewText(_ preview: Preview) -> String {
  var parts = [
    "\(preview.segment.printable): \(preview.count.grouped) members", preview.sentence.printable,
  ]
  if !preview.rows.rows.isEmpty {
    let columns = preview.rows.columns.enumerated().map { index, name in
      let isNumber = preview.rows.rows.allSatisfy { $0[index].isNumberOrMissing }
      return isNumber ? TextTable.Column.right(name) : .left(name)
    }
    var table = TextTable(columns: columns)
    table.rows = preview.rows.rows.map { row in row.map(\.plainText) }
    parts += ["", "\(table)"]
  }
  return parts.joined(separator: "\n")
}

extension DuckDBValue {
  fileprivate var isNumberOrMissing: Bool {
    switch self {
    case .null, .integer, .double, .decimal: true
    default: false
    }
  }
}
