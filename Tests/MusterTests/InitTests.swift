import ArgumentParser
import Foundation
import SegmentService
import Testing

@testable import muster

@Suite struct InitTests {
  private func folder(_ files: [String: String]) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "init-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
    return folder
  }

  private let files = [
    "customers.csv": "CustomerId,Email\n00001,a@x.no\n00002,b@x.no\n00003,c@x.no\n",
    "orders.csv": "OrderId,CustomerId\n1,00001\n2,00001\n3,00009\n4,00002\n",
    "README.md": "# Shop\n",
  ]

  @Test func `a file is written once, and again only with force`() async throws {
    let folder = try folder(files)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "workspace.yaml")
    var command = try InitCommand.parse([folder.path])
    try await command.run()
    #expect(try String(contentsOf: file, encoding: .utf8).contains("customers.csv"))
    try Data("mine".utf8).write(to: file)
    await #expect(throws: ProposalError.self) { try await command.run() }
    #expect(try String(contentsOf: file, encoding: .utf8) == "mine")
    command = try InitCommand.parse([folder.path, "--force"])
    try await command.run()
    #expect(try String(contentsOf: file, encoding: .utf8) != "mine")
  }

  @Test func `the report names tables, relationships, traps and what is left out`() async throws {
    let folder = try folder(files)
    defer { try? FileManager.default.removeItem(at: folder) }
    let proposal = try await WorkspaceProposer(folder: folder).propose()
    #expect(
      proposalText(proposal) == """
        Table      Rows  Key         Files
        ─────────  ────  ──────────  ─────────────
        customers     3  CustomerId  customers.csv
        orders        4  OrderId     orders.csv

        Relationship                               Kind          Match  Orphans  Keys reached
        ─────────────────────────────────────────  ───────────  ──────  ───────  ────────────
        orders.CustomerId -> customers.CustomerId  many-to-one  75.0 %        1        2 of 3

        Audience  Table      Kind      Because
        ────────  ─────────  ────────  ──────────────────────────────────────
        Customer  customers  consumer  1 table leads to it, 1 personal column

        To know
          customers.CustomerId: leading zeros ('00001'): text keeps them
          orders.CustomerId: leading zeros ('00001'): text keeps them

        Left out
          README.md: a text for people
        """)
    let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(ProposalJSON(proposal)))
    let object = try #require(json as? [String: Any])
    let relationships = try #require(object["relationships"] as? [[String: Any]])
    #expect(relationships.first?["orphans"] as? Int == 1)
    #expect(object["yaml"] as? String == proposal.yaml)
  }
}
