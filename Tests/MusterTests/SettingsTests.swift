import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentServer
import SegmentService
import Testing

@testable import muster

@Suite struct SettingsTests {
  private let folder = WorkspaceFolder(URL(filePath: "/shop", directoryHint: .isDirectory))

  private func values(_ text: String = "", _ environment: [String: String] = [:]) throws
    -> SettingValues
  {
    try SettingValues(path: "settings.yaml", text: text, environment: environment)
  }

  private func problems(_ body: () throws -> Void) -> [String] {
    do {
      try body()
      return []
    } catch let problems as Diagnostics {
      return problems.all.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }

  @Test
  func
    `an option goes before the environment, that before the file, and that before what holds else`()
    throws
  {
    let file = "listen: {port: 1, host: localhost}"
    let variable = ["MUSTER_LISTEN_PORT": "2"]
    let none = Installation.Options()
    #expect(try Installation.server(values(), in: folder, none).port == 8080)
    #expect(try Installation.server(values(file), in: folder, none).port == 1)
    #expect(try Installation.server(values(file, variable), in: folder, none).port == 2)
    #expect(try Installation.server(values(file, variable), in: folder, .init(port: 3)).port == 3)
    #expect(try Installation.server(values(file, variable), in: folder, none).host == "localhost")
  }

  @Test func `every setting is read from the file and from its variable`() throws {
    for setting in Setting.allCases {
      let text =
        switch setting.kind {
        case .text, .secret: "abc"
        case .flag: "true"
        case .number(let range): "\(range.upperBound)"
        case .word(let words): words[0]
        case .texts: "[a]"
        case .words(let words): "{a: \(words[0])}"
        }
      let path = setting.rawValue.split(separator: ".")
      let file = path.reversed().reduce(text) { "{\($1): \($0)}" }
      let fromFile = try values(file)
      let fromVariable = try values("", [setting.variable: text])
      #expect(fromFile.origin(of: setting) == .file("settings.yaml"))
      #expect(fromVariable.origin(of: setting) == .variable(setting.variable))
      for values in [fromFile, fromVariable] {
        switch setting.kind {
        case .text, .secret: #expect(values.text(setting) == "abc")
        case .flag: #expect(values.flag(setting) == true)
        case .number(let range): #expect(values.number(setting) == range.upperBound)
        case .word(let words): #expect(values.text(setting) == words[0])
        case .texts: #expect(values.texts(setting) == ["a"])
        case .words(let words): #expect(values.shown(setting).contains(words[0]))
        }
        try values.check()
      }
    }
  }

  @Test func `all problems are told at once, with file, line, place and what was meant`() throws {
    let problems = problems {
      let values = try values(
        """
        listen:
          pört: 1
          behindProxy: 7
        engines: {}
        """, ["MUSTER_LISTEN_PROT": "1", "MUSTER_ENGINE_THREADS": "many", "MUSTER_TEST_DATA": "x"])
      _ = try Installation.engine(values, memory: nil, threads: nil)
    }
    #expect(problems.count == 4)
    #expect(problems[0].hasPrefix("settings.yaml:2: error: listen.pört: There is no key 'pört'"))
    #expect(problems[0].contains("Did you mean 'port'?"))
    #expect(problems[1].contains("engines") && problems[1].contains("'engine'"))
    #expect(
      problems[2].contains("MUSTER_LISTEN_PROT") && problems[2].contains("MUSTER_LISTEN_PORT"))
    #expect(problems[3].contains("MUSTER_ENGINE_THREADS") && problems[3].contains("1 to 256"))
  }

  @Test
  func `backups go where an option says, from where one is, or the settings, from the workspace`()
    throws
  {
    #expect(try Installation.backups(values(), in: folder) == nil)
    let set = try values("backup: {folder: copies, keep: 3}")
    #expect(
      try Installation.backups(set, in: folder) == BackupSettings(path: "/shop/copies", keep: 3))
    #expect(
      try Installation.backups(set, in: folder, to: "/elsewhere", keep: 1)
        == BackupSettings(path: "/elsewhere", keep: 1))
  }

  @Test func `a server that others can reach needs a proxy`() throws {
    let open = try values("listen: {host: 0.0.0.0}")
    #expect(throws: ValidationError.self) { try Installation.server(open, in: folder, .init()) }
    let proxied = try values("listen: {host: 0.0.0.0, behindProxy: true}")
    #expect(try Installation.server(proxied, in: folder, .init()).isBehindProxy)
    #expect(throws: ValidationError.self) {
      try Installation.server(proxied, in: folder, .init(isBehindProxy: false))
    }
  }

  @Test func `a demonstration is shown to this machine only`() throws {
    let demo = Installation.Options(isDemo: true)
    #expect(try Installation.server(values(), in: folder, demo).host == "127.0.0.1")
    for file in [
      "listen: {behindProxy: true}", "listen: {host: 0.0.0.0}",
      "listen: {host: 0.0.0.0, behindProxy: true}",
    ] {
      #expect(throws: ValidationError.self) {
        try Installation.server(values(file), in: folder, demo)
      }
    }
  }

  @Test func `an OpenID provider needs all that belongs to it`() throws {
    func openID(_ text: String, _ environment: [String: String] = [:]) throws
      -> OpenIDSignInSettings?
    {
      try Installation.server(values(text, environment), in: folder, .init()).openID
    }
    #expect(try openID("") == nil)
    let all = """
      listen: {publicUrl: "https://muster.example.com/"}
      oidc:
        issuer: https://login.example.com
        clientId: muster
        scopes: [email]
        role: none
        groups: {crm: contributor, Admins: administrator}
      """
    let settings = try #require(
      try openID(all, ["MUSTER_OIDC_CLIENT_SECRET": "hush", "MUSTER_OIDC_TRUST_EMAIL": "true"]))
    #expect(
      settings.provider.redirectURI
        == "https://muster.example.com/api/v1/session/openid-connect/callback")
    #expect(settings.provider.displayName == "login.example.com")
    #expect(settings.provider.scopes == ["openid", "email"])
    #expect(settings.roles.standard == nil && settings.groupsClaim == "groups")
    #expect(settings.roles.groups == ["crm": .contributor, "Admins": .administrator])
    #expect(settings.trustsEmail && settings.provider.clientSecret != nil)
    #expect(
      try !"\(values(all, ["MUSTER_OIDC_CLIENT_SECRET": "hush"]).shown(.clientSecret))".contains(
        "hush"))

    for (line, message) in [
      ("  issuer: https://login.example.com\n", "oidc.issuer is missing"),
      ("  clientId: muster\n", "oidc.clientId is missing"),
      ("listen: {publicUrl: \"https://muster.example.com/\"}\n", "listen.publicUrl is missing"),
      ("https://login", "is no https:// address"),
    ] {
      let replacement = line.hasPrefix("https") ? "http://login" : ""
      let problems = problems { _ = try openID(all.replacing(line, with: replacement)) }
      #expect(problems.contains { $0.contains(message) }, "\(problems)")
    }
  }

  @Test func `a file that is named must be there, that of the workspace need not`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let workspace = WorkspaceFolder(folder)
    #expect(try SettingValues(folder: workspace, environment: [:]).number(.port) == nil)
    try Data("listen: {port: 5}".utf8).write(to: folder.appending(path: "settings.yaml"))
    #expect(try SettingValues(folder: workspace, environment: [:]).number(.port) == 5)
    let missing = folder.appending(path: "none.yaml").path
    #expect(throws: Diagnostics.self) {
      try SettingValues(folder: workspace, environment: ["MUSTER_SETTINGS": missing])
    }
    #expect(throws: Diagnostics.self) {
      try SettingValues(folder: workspace, file: missing, environment: [:])
    }
  }
}
