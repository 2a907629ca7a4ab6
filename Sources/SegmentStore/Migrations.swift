import GRDB

/// The schema's history, one function per area, each beside the code that uses its tables.
///
/// A migration that was released is never edited: a change is a further migration.
let migrator: DatabaseMigrator = {
  var migrator = DatabaseMigrator()
  registerSegments(&migrator)  // Segments.swift
  registerRuns(&migrator)  // Runs.swift
  registerLoads(&migrator)  // Loads.swift
  registerErasures(&migrator)  // Erasures.swift
  registerRetention(&migrator)  // Retention.swift
  registerContents(&migrator)  // Contents.swift
  registerLifecycle(&migrator)  // SegmentRecord.swift
  registerJobs(&migrator)  // Jobs.swift
  registerUses(&migrator)  // Uses.swift
  registerOutputFiles(&migrator)  // OutputFiles.swift
  registerRequests(&migrator)  // Requests.swift
  registerJobList(&migrator)  // JobList.swift
  registerAudit(&migrator)  // Audit.swift
  registerAccounts(&migrator)  // Accounts.swift
  registerSessions(&migrator)  // Sessions.swift
  registerAPIKeys(&migrator)  // APIKeys.swift
  registerBackups(&migrator)  // Backups.swift
  registerNotifications(&migrator)  // Outbox.swift
  registerSignInMethods(&migrator)  // Sessions.swift
  registerMail(&migrator)  // Mail.swift
  return migrator
}()
