import ArgumentParser
import SegmentCompiler
import SegmentService

struct OutputsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "outputs",
    abstract: "Show the output tables of segments, and write their files where they are behind.",
    discussion:
      "Each segment that was refreshed is a table: its members with the projected attributes. 'muster edit --output-file' keeps one as a Parquet file in .muster/output, too, which follows each refresh."
  )

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  func run() async throws {
    let service = try options.open(for: "outputs")
    try await service.writeOutputFiles()
    let tables = try service.outputTables()
    if output.json { return try Terminal.printJSON(tables.map(OutputJSON.init)) }
    Terminal.print(
      tables.isEmpty ? "No segment was refreshed yet, so there are none." : outputsText(tables))
  }
}

func outputsText(_ tables: [OutputTable]) -> String {
  var text = TextTable(
    .left("Output table"), .left("Segment"), .right("Rows"), .right("Run"), .left("Attributes"),
    .left("File"))
  for table in tables {
    let attributes = table.attributes.map { attribute in
      "\(attribute.name) \(attribute.type.name)\(attribute.isList ? " list" : "")"
    }
    text.add(
      table.name, table.segment, table.rows.grouped, "\(table.run)",
      attributes.joined(separator: ", "), table.file?.path ?? "–")
  }
  return "\(text)"
}

struct OutputJSON: Encodable {
  struct Attribute: Encodable {
    var name: String
    var type: String
    var isList: Bool
  }

  var name: String
  var segment: String
  var audience: String
  var attributes: [Attribute]
  var rows: Int
  var run: Int64
  var asOf: String
  var file: String?

  init(_ table: OutputTable) {
    name = table.name
    segment = table.segment
    audience = table.audience
    attributes = table.attributes.map {
      Attribute(name: $0.name, type: $0.type.name, isList: $0.isList)
    }
    rows = table.rows
    run = table.run
    asOf = table.asOf.description
    file = table.file?.path
  }
}
