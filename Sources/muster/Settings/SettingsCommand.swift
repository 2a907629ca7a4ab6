import ArgumentParser
import SegmentCompiler

struct SettingsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settings",
    abstract: "List what an installation can set, what is set, and where.",
    discussion: """
      Settings stand in settings.yaml beside workspace.yaml, or in the file that --settings or MUSTER_SETTINGS names. \
      Environment variables go before the file, options of a command before both.
      """)

  @OptionGroup var options: WorkspaceOptions

  @Flag(help: "Print the reference of all settings as Markdown instead.")
  var markdown = false

  func run() throws {
    if markdown {
      Terminal.print(settingsReference())
      return
    }
    let values = try options.settingValues()
    var table = TextTable(.left("Setting"), .left("Value"), .left("From"))
    for setting in Setting.allCases {
      let from =
        switch values.origin(of: setting) {
        case .file(let name)?: name
        case .variable(let name)?: name
        case nil: ""
        }
      table.add(setting.rawValue, values.shown(setting), from)
    }
    Terminal.print("\(table)")
    // Where there is something wrong with a value.
    _ = try Installation.engine(values, memory: nil, threads: nil)
    _ = try Installation.server(values, in: options.folder(), Installation.Options())
    _ = try Installation.mail(values)
  }
}

/// The page of all settings, without a line break at its end.
func settingsReference() -> String {
  let rows = Setting.allCases.map { setting in
    "| `\(setting.rawValue)` | `\(setting.variable)` | \(setting.kind.name) | \(setting.meaning) |"
  }
  return """
    # Settings

    What an installation decides for itself, whatever its data and its segments are. Written by `muster settings --markdown`.

    - **The file** is `settings.yaml` beside `workspace.yaml`, or the one that `--settings` or `MUSTER_SETTINGS` names. It is read when a command starts; a key that is not known is an error.
    - **Environment variables** go before the file, **options** of a command (`muster serve --help`) before both. Empty variables count as missing. Lists are written with commas there, mappings as `{a: b, c: d}`.
    - **Secrets** may stand in files of their own, as service managers give them: put `File` behind the key, `_FILE` behind the variable. A settings file with a secret must not be readable by others.
    - `MUSTER_WORKSPACE` is the workspace's folder where `--workspace` is not given.
    - `muster settings` lists what is set, and where. It shows no secret.

    ```yaml
    listen:
      port: 8080
      behindProxy: true
    engine:
      memory: 8GB
    ```

    | key | variable | value | meaning, and what holds unless it is set |
    |---|---|---|---|
    \(rows.joined(separator: "\n"))
    """
}

extension Setting.Kind {
  fileprivate var name: String {
    switch self {
    case .text: "text"
    case .flag: "`true` or `false`"
    case .number(let range): "\(range.lowerBound) to \(range.upperBound)"
    case .word(let words): words.map { "`\($0)`" }.joined(separator: " or ")
    case .texts: "list of texts"
    case .words(let words):
      "mapping from texts to \(words.map { "`\($0)`" }.joined(separator: ", "))"
    case .secret: "text, secret"
    }
  }
}
