import Hummingbird
import SegmentCompiler
import SegmentService
import SegmentStore

/// What can be asked for: each operation of the contract and who answers it.
struct API: Sendable {
  let service: SegmentService
  let settings: ServerSettings
  let segments: SegmentHandlers
  let versions: VersionHandlers
  let trash: TrashHandlers
  let definitions: DefinitionHandlers
  let catalog: CatalogHandlers
  let results: ResultHandlers
  let downloads: DownloadHandlers
  let erasure: ErasureHandlers
  let idempotency: Idempotency
  let kept: KeptAnswers
  let sessions: SessionHandlers
  let openID: OpenIDHandlers
  let accounts: AccountHandlers
  let apiKeys: APIKeyHandlers
  let audit: AuditHandlers
  let jobs: JobHandlers
  let events: EventHandlers
  let schedules: ScheduleHandlers
  let cleanup: CleanupHandlers
  let status: StatusHandlers
  let outputs: OutputHandlers
  let backups: BackupHandlers
  let webhooks: WebhookHandlers
  let deliveries: DeliveryHandlers

  /// - Parameters:
  ///   - idempotency: what remembers requests; all that are answered at the same time share it.
  ///   - signIn: … and what remembers sign-ins by an OpenID provider.
  ///   - kept: … and what is kept of answers.
  init(
    _ service: SegmentService, runner: JobRunner, events: EventLog, settings: ServerSettings,
    idempotency: Idempotency? = nil, signIn: OpenIDSignIn? = nil,
    kept: KeptAnswers? = nil
  ) {
    let kept = kept ?? KeptAnswers(of: service)
    self.service = service
    self.settings = settings
    self.kept = kept
    segments = SegmentHandlers(service: service, runner: runner, rows: kept.rows)
    versions = VersionHandlers(service: service)
    trash = TrashHandlers(service: service)
    definitions = DefinitionHandlers(service: service)
    catalog = CatalogHandlers(service: service, memberships: kept.memberships)
    results = ResultHandlers(service: service)
    downloads = DownloadHandlers(service: service)
    erasure = ErasureHandlers(service: service, memberships: kept.memberships)
    self.idempotency = idempotency ?? Idempotency(service: service)
    let identity = service.identity
    let signIn = signIn ?? settings.openID.map { OpenIDSignIn($0) { identity.time } }
    sessions = SessionHandlers(identity: identity, settings: settings, openID: signIn)
    openID = OpenIDHandlers(identity: identity, settings: settings, signIn: signIn)
    accounts = AccountHandlers(identity: service.identity)
    apiKeys = APIKeyHandlers(identity: service.identity)
    audit = AuditHandlers(service: service)
    jobs = JobHandlers(service: service, runner: runner, events: events)
    self.events = EventHandlers(events: events, heartbeat: settings.heartbeat)
    schedules = ScheduleHandlers(service: service)
    cleanup = CleanupHandlers(service: service)
    status = StatusHandlers(service: service)
    outputs = OutputHandlers(service: service)
    backups = BackupHandlers(service: service, settings: settings.backups)
    webhooks = WebhookHandlers(service: service)
    deliveries = DeliveryHandlers(service: service)
  }

  /// The same, for somebody who is responsible for what is changed.
  func acting(as author: Author) -> API {
    API(
      service.acting(as: author), runner: jobs.runner, events: jobs.events, settings: settings,
      idempotency: idempotency, signIn: openID.signIn, kept: kept)
  }

  func answer(_ request: APIRequest) async throws -> Response {
    switch request.route.endpoint {
    case .getContract: .json(text: Contract.own.json.utf8)

    case .listSegments: try segments.list(request)
    case .createSegment: try await segments.create(request)
    case .changeSegments: try await segments.changeSeveral(request)
    case .getSegment: try segments.get(request)
    case .editSegment: try await segments.edit(request)
    case .changeSegment: try await segments.change(request)
    case .deleteSegment: try segments.delete(request)
    case .duplicateSegment: try segments.duplicate(request)
    case .getUsage: try segments.usage(request)

    case .listVersions: try versions.list(request)
    case .getVersion: try versions.get(request)
    case .restoreVersion: try versions.restore(request)
    case .compareVersions: try versions.compare(request)

    case .listTrash: try trash.list(request)
    case .emptyTrash: try trash.empty(request)
    case .purgeSegment: try trash.purge(request)
    case .restoreSegment: try trash.restore(request)

    case .eraseProfile: try await erasure.erase(request)
    case .listBackups: try backups.list()
    case .makeBackup: try await backups.make(request)

    case .validateDefinitions: try definitions.validate(request)
    case .previewDefinition: try await definitions.preview(request)
    case .explainDefinitions: try definitions.explain(request)
    case .estimateDefinition: try await results.estimate(request)

    case .getSignInMethods: sessions.methods(request)
    case .signIn: try await sessions.signIn(request)
    case .enterDemo: try sessions.enterDemo(request)
    case .startOpenIDSignIn: try await openID.start(request)
    case .finishOpenIDSignIn: try await openID.finish(request)
    case .redeemSecret: try await sessions.redeem(request)
    case .getSession: try sessions.get(request)
    case .signOut: try await sessions.signOut(request)
    case .changePassword: try await sessions.changePassword(request)
    case .listSessions: try sessions.list(request)
    case .signOutEverywhere: try sessions.signOutEverywhere(request)
    case .endSession: try sessions.end(request)

    case .listAPIKeys: try apiKeys.list(request)
    case .createAPIKey: try apiKeys.create(request)
    case .revokeAPIKey: try apiKeys.revoke(request)
    case .listAPIKeysOfAccount: try apiKeys.listOf(request)
    case .revokeAPIKeyOfAccount: try apiKeys.revokeOf(request)

    case .listAccounts: try accounts.list(request)
    case .createAccount: try accounts.create(request)
    case .getAccount: try accounts.get(request)
    case .changeAccount: try accounts.change(request)
    case .deleteAccount: try accounts.delete(request)
    case .renewSecret: try accounts.renewSecret(request)

    case .listAudit: try audit.list(request)
    case .exportAudit: try audit.export(request)

    case .listJobs: try jobs.list(request)
    case .createJob: try await jobs.create(request)
    case .getJob: try jobs.get(request)
    case .cancelJob: try await jobs.cancel(request)
    case .watchEvents: events.watch(request)

    case .getSchedule: try schedules.get(request)
    case .setSchedule: try schedules.set(request)
    case .setSegmentSchedules: try schedules.setSeveral(request)
    case .getCleanup: try cleanup.get(request)
    case .cleanUp: try cleanup.run(request)
    case .exemptSegments: try cleanup.exempt(request)
    case .getStatus: try status.get(request)

    case .listOutputs: try outputs.list(request)
    case .getOutput: try outputs.get(request)

    case .listWebhooks: try webhooks.list(request)
    case .createWebhook: try webhooks.create(request)
    case .getWebhook: try webhooks.get(request)
    case .changeWebhook: try webhooks.change(request)
    case .deleteWebhook: try webhooks.delete(request)
    case .rotateWebhookSecret: try webhooks.rotateSecret(request)
    case .removeOldWebhookSecret: try webhooks.removeOldSecret(request)
    case .testWebhook: try deliveries.test(request)
    case .listDeliveries: try deliveries.list(request)
    case .getDelivery: try deliveries.get(request)
    case .redeliver: try deliveries.redeliver(request)
    case .redeliverDead: try deliveries.redeliverDead(request)

    case .getCatalog: try catalog.catalog(request)
    case .listValues: try await catalog.values(request)
    case .getAttributeProfile: try await catalog.profile(request)
    case .listMemberships: try await catalog.memberships(request)

    case .listMembers: try await results.members(request)
    case .downloadMembers: try await downloads.download(request)
    case .downloadSeveral: downloads.downloadSeveral(request)
    case .listRuns: try results.runs(request)
    case .getRun: try results.run(request)
    case .compareRuns: try await results.difference(request)
    case .getTrend: try results.trend(request)
    case .explainMembership: try await results.why(request)
    case .explainSegment: try results.explain(request)
    }
  }
}

/// What is kept of answers from one request to the next.
struct KeptAnswers: Sendable {
  let rows: SegmentRows
  /// By the runs whose members they are.
  let memberships = EncodedItems<Int64, Memberships.Membership>()

  init(of service: SegmentService) { rows = SegmentRows(service) }
}
