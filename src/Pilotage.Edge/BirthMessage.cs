namespace Pilotage.Edge;

/// <summary>What an edge says of itself when it is connected: retained on its <c>_state</c>, and its opposite as the will.</summary>
internal sealed record BirthMessage(bool Online, string Hardware, string? Listen, string? BootId);
