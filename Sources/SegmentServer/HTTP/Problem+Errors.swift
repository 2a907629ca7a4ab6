import Hummingbird
import SegmentCompiler
import SegmentEngines
import SegmentService
import SegmentStore

extension Problem {
  /// What an error of the use cases means to a client.
  init(_ error: any Error) {
    switch error {
    case let problem as Problem: self = problem
    case let error as Diagnostics: self.init(of: error.all.map { DiagnosticBody($0) })
    case let error as DefinitionErrors:
      self.init(
        of: error.all.flatMap { name, problems in
          problems.all.map { DiagnosticBody($0, segment: name.isEmpty ? nil : name) }
        })
    case let error as IdentityError: self.init(identity: error)
    case let error as WebhookError: self.init(webhook: error)
    case let error as LifecycleError: self.init(lifecycle: error)
    case let error as WorkspaceError: self.init(workspace: error)
    case let error as SegmentInUse:
      self.init(.conflict, "segmentInUse", error.description)
      users = error.users
    case let error as VersionError: self.init(version: error)
    case let error as KeyEditError:
      self.init(.unprocessableContent, "wrongKeys", error.description)
    case let error as RunsOfTwoAudiences:
      self.init(.conflict, "runsOfTwoAudiences", error.description)
    case let error as UnknownOutputTable:
      self.init(.notFound, "unknownOutputTable", error.description)
    case let error as UnknownAttribute: self.init(attribute: error)
    case let error as PositionError: self.init(.badRequest, "wrongCursor", error.description)
    case let error as DuckDBError: self.init(engine: error)
    case let error as SegmentStoreError: self.init(store: error)
    case let error as HTTPError:
      self.init(error.status, "http", error.body ?? error.status.reasonPhrase)
    case is CancellationError:
      self.init(.serviceUnavailable, "stopping", "The server is stopping. Ask again soon.")
    default: self.init(.internalServerError, "internal", "\(error)")
    }
  }

  private init(of diagnostics: [DiagnosticBody]) {
    let errors = diagnostics.count { $0.severity == Diagnostic.Severity.error.rawValue }
    self.init(
      .unprocessableContent, "notValid",
      errors == 1
        ? "There is a problem: \(diagnostics.first { $0.severity == "error" }?.message ?? "")"
        : "There are \(errors) problems.",
      diagnostics)
  }

  private init(lifecycle error: LifecycleError) {
    let text = error.description
    switch error {
    case .conflict(_, _, let found, _):
      self.init(.preconditionFailed, "changedMeanwhile", text)
      revision = found
    case .nameTaken: self.init(.conflict, "nameTaken", text)
    case .outputNameTaken: self.init(.conflict, "outputNameTaken", text)
    case .draft(let name, let problems):
      self.init(
        .conflict, "draft", "'\(name)' is a draft: its definition is not valid yet.",
        problems.map { DiagnosticBody($0) })
    case .inactive: self.init(.conflict, "inactive", text)
    case .notInTrash: self.init(.notFound, "notInTrash", text)
    case .invalidName: self.init(.unprocessableContent, "invalidName", text)
    case .tooManyTags: self.init(.unprocessableContent, "tooManyTags", text)
    case .invalidTag: self.init(.unprocessableContent, "invalidTag", text)
    case .notInFuture: self.init(.unprocessableContent, "notInFuture", text)
    case .unknownTimeZone: self.init(.unprocessableContent, "unknownTimeZone", text)
    }
  }

  private init(workspace error: WorkspaceError) {
    let text = error.description
    switch error {
    case .unknownSegment: self.init(.notFound, "unknownSegment", text)
    case .noRun: self.init(.notFound, "unknownRun", text)
    case .noProfile: self.init(.notFound, "unknownProfile", text)
    case .unknownAudience: self.init(.notFound, "unknownAudience", text)
    case .wrongKey: self.init(.unprocessableContent, "wrongKey", text)
    case .ambiguousAudience: self.init(.unprocessableContent, "ambiguousAudience", text)
    case .neverRefreshed: self.init(.conflict, "neverRefreshed", text)
    case .dataGone: self.init(.gone, "dataGone", text)
    case .membersGone: self.init(.gone, "membersGone", text)
    case .notLoaded: self.init(.conflict, "notLoaded", text)
    case .changedSinceLoad: self.init(.conflict, "changedSinceLoad", text)
    case .noWorkspace, .locked, .membersDamaged, .storeGone, .dataFileGone, .dataFileDamaged,
      .storedDataMissing, .folderNotEmpty:
      self.init(.internalServerError, "workspaceDamaged", text)
    }
  }

  private init(identity error: IdentityError) {
    let text = error.description
    switch error {
    case .wrongCredentials: self = .unauthenticated(text, code: "wrongCredentials")
    case .wrongSecret: self = .unauthenticated(text, code: "wrongSecret")
    case .tooSoon(let seconds):
      self.init(.tooManyRequests, "tooSoon", text)
      headers[.retryAfter] = "\(seconds)"
    case .wrongPassword: self.init(.unprocessableContent, "wrongPassword", text)
    case .unusablePassword: self.init(.unprocessableContent, "unusablePassword", text)
    case .invalidName: self.init(.unprocessableContent, "invalidName", text)
    case .invalidDisplayName: self.init(.unprocessableContent, "invalidDisplayName", text)
    case .invalidKeyName: self.init(.unprocessableContent, "invalidKeyName", text)
    case .noScopes: self.init(.unprocessableContent, "noScopes", text)
    case .invalidExpiry: self.init(.unprocessableContent, "invalidExpiry", text)
    case .scopesBeyondRole: self.init(.conflict, "scopesBeyondRole", text)
    case .nameTaken: self.init(.conflict, "nameTaken", text)
    case .unknownAccount: self.init(.notFound, "unknownAccount", text)
    case .unknownSession: self.init(.notFound, "unknownSession", text)
    case .unknownKey: self.init(.notFound, "unknownKey", text)
    case .disabled: self.init(.forbidden, "disabled", text)
    case .noDemo: self.init(.notFound, "noDemo", text)
    case .demoAccount: self.init(.conflict, "demoAccount", text)
    case .notInvited: self.init(.forbidden, "notInvited", text)
    case .emailNotVerified: self.init(.forbidden, "emailNotVerified", text)
    case .accountOfOther: self.init(.forbidden, "accountOfOther", text)
    }
  }

  private init(webhook error: WebhookError) {
    let text = error.description
    switch error {
    case .unknown: self.init(.notFound, "unknownWebhook", text)
    case .unknownDelivery: self.init(.notFound, "unknownDelivery", text)
    case .nameTaken: self.init(.conflict, "nameTaken", text)
    case .tooMany: self.init(.conflict, "tooManyWebhooks", text)
    case .disabled: self.init(.conflict, "disabled", text)
    case .conflict(_, let found):
      self.init(.preconditionFailed, "changedMeanwhile", text)
      revision = found
    case .invalidName: self.init(.unprocessableContent, "invalidName", text)
    case .invalidURL: self.init(.unprocessableContent, "invalidURL", text)
    case .notEncrypted: self.init(.unprocessableContent, "notEncrypted", text)
    case .internalAddress: self.init(.unprocessableContent, "internalAddress", text)
    case .noTypes: self.init(.unprocessableContent, "noTypes", text)
    case .invalidTag: self.init(.unprocessableContent, "invalidTag", text)
    }
  }

  private init(attribute error: UnknownAttribute) {
    switch error {
    case .unreadable: self.init(.unprocessableContent, "invalidReference", error.description)
    case .table: self.init(.notFound, "unknownTable", error.description)
    case .attribute: self.init(.notFound, "unknownAttribute", error.description)
    }
  }

  private init(version error: VersionError) {
    switch error {
    case .unknown: self.init(.notFound, "unknownVersion", error.description)
    case .single: self.init(.conflict, "singleVersion", error.description)
    case .notInFiles: self.init(.unprocessableContent, "notInFiles", error.description)
    }
  }

  private init(engine error: DuckDBError) {
    switch error.category {
    case .outOfMemory, .transaction, .io:
      self.init(.serviceUnavailable, "engineBusy", error.message)
    case .interrupted: self.init(.serviceUnavailable, "interrupted", error.message)
    case .conversion, .outOfRange, .constraint, .sql, .fatal, .library, .other:
      self.init(.internalServerError, "engine", error.message)
    }
  }

  private init(store error: SegmentStoreError) {
    switch error {
    case .rewrittenMeanwhile, .changedMeanwhile:
      self.init(.conflict, "changedMeanwhile", error.description)
    case .unknownSegment: self.init(.notFound, "unknownSegment", error.description)
    case .unknownVersion: self.init(.notFound, "unknownVersion", error.description)
    case .unknownAccount: self.init(.notFound, "unknownAccount", error.description)
    case .unknownWebhook: self.init(.notFound, "unknownWebhook", error.description)
    case .lastAdministrator: self.init(.conflict, "lastAdministrator", error.description)
    case .file, .damaged, .olderSchema, .unlogged, .otherWorkspace:
      self.init(.internalServerError, "store", error.description)
    }
  }
}
