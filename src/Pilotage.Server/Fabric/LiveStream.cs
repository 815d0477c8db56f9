using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;

namespace Pilotage.Server.Fabric;

/// <summary>A watch as server-sent events: <c>open</c>, then what happens, <c>missed</c> wherever the reader was too slow.</summary>
internal static class LiveStream
{
    public static async IAsyncEnumerable<SseItem<object>> Of(
        LiveFeed.Watcher watcher,
        Func<LiveFeed.LiveEvent, object> shape,
        TimeProvider time,
        IHostApplicationLifetime host,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        // A stream never ends by itself, so a stopping server ends it instead of waiting for its drain time to run out.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, host.ApplicationStopping);
        using (watcher)
        {
            yield return new SseItem<object>(new { at = time.GetUtcNow() }, "open");
            await foreach (var happened in watcher.ReadAsync(ending.Token))
            {
                if (watcher.TakeMissed() is > 0 and var missed)
                {
                    yield return new SseItem<object>(new { missed }, "missed");
                }

                yield return new SseItem<object>(shape(happened), happened.Kind);
            }
        }
    }
}
