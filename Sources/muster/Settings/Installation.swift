import ArgumentParser
import Foundation
import SegmentServer
import SegmentService

enum LogFormat: String, CaseIterable, ExpressibleByArgument { case text, json }

/// What options, the environment and the settings file say together, in this order.
enum Installation {
  /// What options say; nil where they say nothing.
  struct Options {
    var host: String?
    var port: Int?
    var isBehindProxy: Bool?
    var logFormat: LogFormat?
    var isDemo = false
  }

  /// - Throws: `Diagnostics` with every problem.
  static func server(
    _ values: SettingValues, in folder: WorkspaceFolder, _ options: Options
  ) throws -> ServerSettings {
    var settings = ServerSettings()
    settings.host = options.host ?? values.text(.host) ?? settings.host
    settings.port = options.port ?? values.number(.port) ?? settings.port
    settings.isBehindProxy =
      options.isBehindProxy ?? values.flag(.isBehindProxy) ?? settings.isBehindProxy
    settings.logsJSON =
      (options.logFormat ?? values.word(.logFormat, as: LogFormat.self)) == .json
    settings.backups = try backups(values, in: folder)
    settings.openID = openID(values)
    try values.check()
    let loopback = ServerSettings.loopbackHosts
    let isLoopback = loopback.contains(settings.host)
    guard !options.isDemo || (isLoopback && !settings.isBehindProxy) else {
      throw ValidationError(
        "--demo lets anybody in: it goes with the hosts \(loopback.joined(separator: ", ")) only, and not behind a proxy."
      )
    }
    guard settings.isBehindProxy || isLoopback else {
      throw ValidationError(
        "The host '\(settings.host)' is none of \(loopback.joined(separator: ", ")): passwords would be readable on the way. Put a proxy that speaks HTTPS before it, and say so with --behind-proxy or \(Setting.isBehindProxy.rawValue)."
      )
    }
    return settings
  }

  /// nil where nothing says where.
  ///
  /// - Throws: `Diagnostics` with every problem.
  static func backups(
    _ values: SettingValues, in folder: WorkspaceFolder, to path: String? = nil, keep: Int? = nil
  ) throws -> BackupSettings? {
    // What is typed is relative to where one is, what is set to the workspace.
    let typed = path.map { URL(filePath: $0, directoryHint: .isDirectory) }
    let set = values.text(.backupFolder).map {
      URL(filePath: $0, directoryHint: .isDirectory, relativeTo: folder.root)
    }
    let keep = keep ?? values.number(.backupKeep)
    try values.check()
    return (typed ?? set).map { BackupSettings(path: $0.absoluteURL.path, keep: keep) }
  }

  /// - Throws: `Diagnostics` with every problem.
  static func engine(
    _ values: SettingValues, memory: String?, threads: Int?
  ) throws -> SegmentService.Settings {
    var settings = SegmentService.Settings()
    settings.memoryLimit = memory ?? values.text(.memory) ?? settings.memoryLimit
    settings.threads = threads ?? values.number(.threads)
    settings.webhooks = webhooks(values)
    try values.check()
    return settings
  }

  private static func webhooks(_ values: SettingValues) -> WebhookRules {
    let allowed = (values.texts(.webhooksAllowed) ?? []).map { ($0, AddressRange($0)) }
    for case (let text, nil) in allowed where text.contains(/[:\/]/) {
      values.note(
        "'\(text)' is neither a host nor an address nor a range such as 10.0.0.0/8.",
        of: .webhooksAllowed)
    }
    return WebhookRules(
      allowsHTTP: values.flag(.webhooksAllowHTTP) ?? false,
      allowedRanges: allowed.compactMap(\.1),
      allowedHosts: Set(allowed.filter { $0.1 == nil }.map(\.0)))
  }
}
