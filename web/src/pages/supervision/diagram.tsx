import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'
import { useText } from '../../kit/show'

type Flow = Schemas['FlowView']
type Edge = { from: number; to: number; words: string[] }

const [width, height, gap, left, top] = [200, 46, 46, 96, 8]
const y = (i: number) => top + i * (height + gap)

/** Ways from node to node, those between the same two together. */
function edgesOf(
  flow: Flow,
  word: (verb: string, share?: number | null) => string,
  timed: (by: string, days?: number | null) => string,
): Edge[] {
  const place = (key: string) => (key === 'end' ? flow.nodes.length : flow.nodes.findIndex((n) => n.key === key))
  const edges: Edge[] = []
  const add = (from: number, to: number, words: string) => {
    if (from === to) return
    const there = edges.find((e) => e.from === from && e.to === to)
    if (there) there.words.push(words)
    else edges.push({ from, to, words: [words] })
  }
  flow.nodes.forEach((node, i) => {
    for (const a of node.actions) add(i, place(a.to), word(a.verb, a.share))
    for (const m of node.moves) add(i, place(m.to), timed(m.by, m.days))
  })
  return edges
}

/** A way beside the nodes: backwards at the right, over others at the left. */
function Bow({ edge, lane }: { edge: Edge; lane: number }) {
  const back = edge.to < edge.from
  const x = back ? left + width : left
  const reach = back ? x + 22 + lane * 26 : x - 18 - lane * 20
  const [a, b] = [y(edge.from) + height / 2, y(edge.to) + height / 2]
  return (
    <g>
      <path
        d={`M ${x} ${a + 6} C ${reach} ${a + 6}, ${reach} ${b - 6}, ${x + (back ? 5 : -5)} ${b - 6}`}
        fill="none"
        stroke="var(--ink-3)"
        strokeDasharray={back ? '4 3' : undefined}
        markerEnd="url(#arrow)"
      />
      {back && (
        <text x={reach + 2} y={(a + b) / 2 + lane * 14} fontSize="12" fill="var(--ink-2)">
          {edge.words.join(' / ')}
        </text>
      )}
    </g>
  )
}

/** A flow as a picture, drawn from the template itself: where the case is, what was passed, who acts. */
export function FlowDiagram({
  flow,
  current,
  over,
  passed = [],
}: {
  flow: Flow
  current?: string
  over?: boolean
  passed?: string[]
}) {
  const { t } = useTranslation()
  const text = useText()
  const word = (verb: string, share?: number | null) => `${t(`verb.${verb}`)}${share ? ` ${share} %` : ''}`
  const timed = (by: string, days?: number | null) =>
    by === 'time' ? t('supervision.after_days', { days }) : t(`happening.${by}`)
  const edges = edgesOf(flow, word, timed)
  const at = over ? flow.nodes.length : flow.nodes.findIndex((n) => n.key === current)
  const lanes = (list: Edge[]) =>
    list
      .sort((a, b) => Math.abs(a.from - a.to) - Math.abs(b.from - b.to))
      .map((edge, lane) => <Bow key={`${edge.from}-${edge.to}`} edge={edge} lane={lane} />)
  const total = y(flow.nodes.length) + height + 8
  const boxes = [
    ...flow.nodes.map((n) => ({ key: n.key, name: text(n.name), actor: t(`supervision.${n.actor}`) })),
    { key: 'end', name: t('supervision.end'), actor: '' },
  ]
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={t('supervision.diagram')}>
      <svg
        viewBox={`0 0 460 ${total}`}
        style={{ width: '100%', minWidth: 340, maxWidth: 560, display: 'block' }}
        role="img"
        aria-label={t('supervision.diagram_at', { node: boxes[at]?.name ?? '–' })}
      >
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto-start-reverse"
          >
            <path d="M0 0 L8 4 L0 8 z" fill="var(--ink-3)" />
          </marker>
        </defs>
        {edges
          .filter((e) => e.to === e.from + 1)
          .map((e) => (
            <g key={e.from}>
              <line
                x1={left + width / 2}
                x2={left + width / 2}
                y1={y(e.from) + height}
                y2={y(e.to) - 2}
                stroke="var(--ink-3)"
                markerEnd="url(#arrow)"
              />
              <text x={left + width / 2 + 8} y={y(e.from) + height + gap / 2 + 4} fontSize="12" fill="var(--ink-2)">
                {e.words.join(' / ')}
              </text>
            </g>
          ))}
        {lanes(edges.filter((e) => e.to < e.from))}
        {lanes(edges.filter((e) => e.to > e.from + 1))}
        {boxes.map((box, i) => (
          <g key={box.key}>
            <rect
              x={left}
              y={y(i)}
              width={width}
              height={height}
              rx={i === flow.nodes.length ? 23 : 8}
              fill={i === at ? 'var(--brand-soft)' : 'var(--card)'}
              stroke={i === at ? 'var(--brand)' : 'var(--line)'}
              strokeWidth={i === at ? 2 : 1}
            />
            <text
              x={left + width / 2}
              y={y(i) + (box.actor ? 19 : 28)}
              textAnchor="middle"
              fontSize="12.5"
              fontWeight={i === at ? 650 : 500}
              fill="var(--ink)"
            >
              {box.name.length > 30 ? `${box.name.slice(0, 29)}…` : box.name}
            </text>
            {box.actor && (
              <text
                x={left + width / 2}
                y={y(i) + 36}
                textAnchor="middle"
                fontSize="11"
                fill="var(--ink-3)"
              >{`${passed.includes(box.key) && i !== at ? '✓ ' : ''}${box.actor}${i === at ? ` · ${t('supervision.now')}` : ''}`}</text>
            )}
          </g>
        ))}
      </svg>
    </div>
  )
}
