/// Everything that can be asked for: the operations of the contract by their ids.
enum Endpoint: String, Sendable, CaseIterable {
  case getContract

  case listSegments, createSegment, changeSegments
  case getSegment, editSegment, changeSegment, deleteSegment, duplicateSegment
  case getUsage
  case listVersions, getVersion, restoreVersion, compareVersions
  case listTrash, emptyTrash, purgeSegment, restoreSegment

  case eraseProfile
  case listBackups, makeBackup

  case validateDefinitions, previewDefinition, explainDefinitions, estimateDefinition

  case getSignInMethods, enterDemo, startOpenIDSignIn, finishOpenIDSignIn
  case signIn, getSession, signOut, redeemSecret, changePassword
  case listSessions, signOutEverywhere, endSession
  case listAPIKeys, createAPIKey, revokeAPIKey
  case listAccounts, createAccount, getAccount, changeAccount, deleteAccount, renewSecret
  case listAPIKeysOfAccount, revokeAPIKeyOfAccount
  case listAudit, exportAudit

  case listJobs, createJob, getJob, cancelJob
  case watchEvents
  case getSchedule, setSchedule, setSegmentSchedules
  case getCleanup, cleanUp, exemptSegments
  case getStatus

  case listOutputs, getOutput

  case listWebhooks, createWebhook, getWebhook, changeWebhook, deleteWebhook
  case rotateWebhookSecret, removeOldWebhookSecret
  case testWebhook, listDeliveries, getDelivery, redeliver, redeliverDead

  case getCatalog, listValues, getAttributeProfile, listMemberships

  case listMembers, downloadMembers, downloadSeveral
  case listRuns, getRun, compareRuns, getTrend
  case explainMembership, explainSegment
}
