namespace Pilotage.System.Limits;

/// <summary>Bounded waiting for a condition.</summary>
internal static class Eventually
{
    public static async Task HoldsAsync(Func<Task<bool>> holds, TimeSpan within, string what)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Xunit.Assert.True(TimeProvider.System.GetElapsedTime(began) < within, $"not within {within}: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }
}
