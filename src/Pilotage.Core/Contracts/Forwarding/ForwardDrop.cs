namespace Pilotage.Core.Contracts.Forwarding;

/// <summary>An entry of an edge's buffer that stands for what a full buffer dropped.</summary>
/// <param name="Cut">The offset below which all is dropped, but for what is kept.</param>
/// <param name="Replaces">The offset of an earlier such entry that this one tells of too; -1 where it tells of none.</param>
/// <param name="Apart">So many of the gaps, the first ones, are told as they are: something was sent between them and later ones.</param>
/// <param name="Gaps">What was dropped; a topic stands once among those that are not apart.</param>
/// <param name="Kept">A batch that was on its way, encoded; empty where there was none. It may be with the server already, and is sent again.</param>
public sealed record ForwardDrop(long Cut, long Replaces, int Apart, IReadOnlyList<ForwardGap> Gaps, ReadOnlyMemory<byte> Kept);
