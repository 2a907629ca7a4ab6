import Hummingbird
import NIOCore

/// What goes with a request on its way through the server.
struct APIContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Where the request comes from; nil where that is no network address.
  let remoteAddress: SocketAddress?

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    remoteAddress = source.channel.remoteAddress
  }
}
