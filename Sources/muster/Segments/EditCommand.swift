import ArgumentParser
import SegmentCompiler
import SegmentService
import SegmentStore

struct EditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit",
    abstract: "Change what is said of segments besides their rules.",
    discussion:
      "Rules are changed by saving another definition. An empty text takes a display name, a description or an owner away."
  )

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The segments' names.")
  var segments: [String]

  @Option(help: "The name that people see.")
  var displayName: String?

  @Option(help: "What the segment is for.")
  var description: String?

  @Option(name: .customLong("tag"), help: "A tag to add; may be given several times.")
  var tags: [String] = []

  @Option(name: .customLong("untag"), help: "A tag to remove; may be given several times.")
  var untags: [String] = []

  @Option(help: "Who is responsible for it.")
  var owner: String?

  @Option(help: "The name of its output table: letters and digits, a letter first.")
  var outputName: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Keep the output table as a Parquet file in .muster/output, too.")
  var outputFile: Bool?

  @Flag(inversion: .prefixedNo, help: "Leave it active however long nobody uses it.")
  var exempt: Bool?

  @Option(help: "static: refreshed by hand only; dynamic: by the schedule too.")
  var type: SegmentType?

  @Option(
    help: ArgumentHelp(
      "Which of the scheduled refreshes it takes part in: all, off, days of the week (monday,thursday) or of the month (1,15,31; in shorter months the last day).",
      valueName: "days"))
  var schedule: SegmentSchedule?

  func validate() throws {
    if changes.isEmpty { throw ValidationError("Say what to change, such as --tag vip.") }
    if segments.count > 1, outputName != nil {
      throw ValidationError("Each segment has an output table of its own: name one segment.")
    }
  }

  func run() async throws {
    let service = try options.open(for: "edit")
    try changeSegments(segments, changes, of: service)
    if outputFile == true || outputName != nil { try await service.writeOutputFiles() }
    guard schedule != nil else { return }
    for record in try segments.map(service.record) {
      if let conflict = try service.scheduleConflict(of: record) {
        Terminal.printError("\(record.name.printable): \(conflict)")
      }
    }
  }

  private var changes: [SegmentChange] {
    func given(_ text: String?, _ change: (String?) -> SegmentChange) -> [SegmentChange] {
      text.map { [change($0.isEmpty ? nil : $0)] } ?? []
    }
    return given(displayName, SegmentChange.displayName)
      + given(description, SegmentChange.description)
      + given(owner, SegmentChange.owner)
      + (untags.isEmpty ? [] : [.removeTags(untags)])
      + (tags.isEmpty ? [] : [.addTags(tags)])
      + (outputName.map { [.outputName($0)] } ?? [])
      + (outputFile.map { [.outputFile($0)] } ?? [])
      + (exempt.map { [.exempt($0)] } ?? [])
      + (type.map { [.type($0)] } ?? [])
      + (schedule.map { [.schedule($0)] } ?? [])
  }
}

extension SegmentType: ExpressibleByArgument {}

extension SegmentSchedule: ExpressibleByArgument {
  public init?(argument: String) {
    switch argument {
    case "all": self = .everySystemRefresh
    case "off": self = .off
    default:
      let days = argument.split(separator: ",").compactMap { Int($0) }
      if days.count == argument.split(separator: ",").count {
        self = .monthly(on: Set(days))
      } else if let days = try? weekdays(argument) {
        self = .weekly(on: days)
      } else {
        return nil
      }
    }
  }
}

struct RenameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rename",
    abstract: "Give a segment another name; what refers to it follows.")

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The segment's name.")
  var segment: String

  @Argument(help: "Its new name.")
  var name: String

  func run() throws {
    let service = try options.open(for: "rename")
    let before = try service.record(of: segment)
    let record = try service.change(segment, [.rename(name)])
    Terminal.print(
      record == before
        ? "\(segment.printable) is called that already."
        : "\(segment.printable) is called \(record.name.printable) now.")
  }
}

struct DuplicateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "duplicate", abstract: "Copy a segment's definition; the copy is inactive.")

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The segment's name.")
  var segment: String

  @Option(name: .customLong("as"), help: "The copy's name; made of the segment's unless given.")
  var name: String?

  func run() throws {
    let service = try options.open(for: "duplicate")
    let copy = try service.duplicate(segment, as: name)
    Terminal.print(stateText(copy, in: service))
  }
}
