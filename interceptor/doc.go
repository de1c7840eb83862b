// Package interceptor is the parent of interceptors for zrpc's servers and
// clients, each in a package of its own with no dependencies but its own. It has
// no code itself.
//
//	            server         client
//	logging     Server         Client         a log line for each call (log/slog)
//	otel        Server         Client         spans and metrics of OpenTelemetry, traceparent on the wire
//	prom        NewServer      NewClient      metrics for Prometheus
//	auth        Server         Client         who may call what; a token in the metadata
//	ratelimit   Server         Client         calls a second: refused, or made to wait
//	limit       Server                        calls at once, a bounded queue, load shedding
//	retry       Dedupe         Client         attempts after failures, for which zrpc.CallOptions.Retry
//	                                          does as well; answers to those remembered
//	hedge                      Client         a second attempt when the first is late
//	breaker                    Client         no calls of what keeps failing
//
// For package pubsub, logging and otel have a Sender and a Receiver too.
//
// # Order
//
// The first interceptor of a list is the outermost: it sees the call first, and
// its outcome last. At a server:
//
//	otel, prom, logging     outermost, so that they see what the others refuse; otel
//	                        first, so that log lines have the trace
//	ratelimit               by address before auth, where it also slows the guessing
//	                        of tokens; by user it belongs behind
//	auth                    before anything that costs
//	limit                   a refusal must cost less than the call
//	retry.Dedupe            innermost of these: an answer from memory is for those
//	                        who may have it
//
// At a client:
//
//	otel, prom, logging     outermost to see calls as their callers do; another one
//	                        of each further in sees every attempt
//	retry                   around all that concerns a single attempt
//	hedge                   one attempt of retry's may become two
//	breaker                 learns from every attempt, and stops those of both
//	auth                    a new token for each attempt
//	ratelimit               innermost, so that attempts count
//
// # Writing one
//
// An interceptor is a function from handler to handler; see zrpc.Interceptor. What
// a good one minds, and these show:
//
//   - The end of a stream is told by Request.OnEnd, not by the return of next, which
//     at the client only says that the answer has begun.
//   - One that calls next more than once does so by Request.Attempt, so that what
//     those further in add does not add up.
//   - An error in a stream that has begun is replaced by Request.OnError.
//   - A handler that panics is an error to a server's interceptors, zrpc.PanicError.
//   - Request.Metadata at a client may be shared: replace the map, do not write to it.
//   - A refusal is a *zrpc.RemoteError whose name says whether the call ran: those
//     that zrpc.Unsent knows say that it did not.
//   - All that grows with what the other side chooses (addresses, keys, names of
//     errors) has a bound.
package interceptor
