import { Link } from '@tanstack/react-router'
import { App, Button, Tag, Tooltip } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { api, Refused, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { useDecision } from '../../kit/decide'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { Id, MoneyShown, moneyText, Time, useText, Words } from '../../kit/show'

type Correction = Schemas['CorrectionView']

const tones: Record<string, string> = { waiting: 'gold', done: 'green', refused: 'red' }

/** What a correction moves, in words: an order, or two accounts of the ledger. */
function useMoves() {
  const { t } = useTranslation()
  const place = (p?: Schemas['LedgerPlaceView'] | null) =>
    p ? [t(`ledger.${p.account}`), p.name ?? p.owner].filter(Boolean).join(' · ') : ''
  const moves = (x: Correction) => (x.kind === 'refund' ? (x.order_number ?? '') : `${place(x.from)} → ${place(x.to)}`)
  return { moves, place }
}

/** Refunds by the operator and postings that mend the books; another person than asked confirms them. */
export function Corrections() {
  const { t } = useTranslation()
  const text = useText()
  const { ask, askWhy } = useDecision()
  const { moves, place } = useMoves()
  const to = (x: Correction) => ({ path: { id: x.id } })
  const { modal } = App.useApp()
  // The books refused it: it still waits, and what to do is said instead of the question.
  const stillWaits = (x: Correction, e: unknown) => {
    const code = e instanceof Refused && e.problem.code
    if (!['correction.balance', 'correction.not_billed', 'correction.escrow'].includes(code || '')) throw e
    modal.warning({
      title: t('corrections.no_balance'),
      content:
        code !== 'correction.balance'
          ? t(code === 'correction.escrow' ? 'corrections.escrow_more' : 'corrections.not_billed_more')
          : t('corrections.no_balance_more', { amount: moneyText(x.amount), from: place(x.from) || moves(x) }),
    })
  }
  const confirm = useAction((x: Correction) =>
    unwrap(api.POST('/api/v1/operator/corrections/{id}/confirm', { params: to(x) })),
  )
  const refuse = useAction(({ of, reason }: { of: Correction; reason: string }) =>
    unwrap(api.POST('/api/v1/operator/corrections/{id}/refuse', { params: to(of), body: { reason } })),
  )
  const whole = (p?: Schemas['LedgerPlaceView'] | null) => (
    <div>
      {place(p)}
      {p?.name && p.owner && (
        <div>
          <Id of={p.owner} />
        </div>
      )}
    </div>
  )
  const about = (x: Correction): [string, ReactNode][] => [
    [t('field.kind'), t(`corrections.${x.kind}`)],
    ...(x.from && x.to
      ? ([
          [t('corrections.from'), whole(x.from)],
          [t('corrections.to_place'), whole(x.to)],
        ] as [string, ReactNode][])
      : []),
    [t('field.amount'), <MoneyShown key="a" of={x.amount} strong />],
    ...(x.order_number && x.order ? ofOrder(x.order_number, x.order) : []),
    [t('corrections.asked_by'), x.asked_by],
    [t('corrections.asked_reason'), x.reason],
  ]
  const ofOrder = (number: string, order: Schemas['CorrectedOrder']): [string, ReactNode][] => [
    [
      t('field.order_number'),
      <a key="o" href={`/operator/orders/${number}`} target="_blank" rel="noreferrer" className="mono">
        {number}
      </a>,
    ],
    [t('corrections.customer'), order.customer_name],
    [t('field.product'), [text(order.product_name), text(order.sku_name)].filter(Boolean).join(' · ')],
    [t('corrections.paid'), moneyText(order.paid)],
    [t('corrections.back'), moneyText(order.refunded)],
    [t('corrections.left'), moneyText(order.net)],
  ]
  const options = (words: string[]) => words.map((value) => ({ value, label: t(`corrections.${value}`) }))
  const [kinds, states] = [options(['refund', 'posting']), options(['waiting', 'done', 'refused'])]
  return (
    <Page title={t('nav.corrections')} purpose={t('corrections.purpose')}>
      <List<Correction>
        name="corrections"
        rowKey={(x) => x.id}
        empty={t('corrections.empty')}
        fetch={async ({ state, kind, order }, paging) => {
          const query = { state, kind, order: order?.trim() || undefined, ...paging }
          const data = await unwrap(api.GET('/api/v1/operator/corrections', { params: { query } }))
          return { rows: data.corrections, next: data.next }
        }}
        filters={[
          { name: 'order', label: t('field.order_number') },
          { name: 'kind', label: t('field.kind'), options: kinds },
          { name: 'state', label: t('field.state'), options: states },
        ]}
        columns={[
          { key: 'kind', title: t('field.kind'), value: (x) => t(`corrections.${x.kind}`), file: true },
          {
            key: 'moves',
            title: t('corrections.moves'),
            value: moves,
            render: (x) => (
              <>
                <strong>{t(`corrections.${x.kind}`)}</strong>
                {x.order && <Words width={210}>{x.order.customer_name}</Words>}
                {x.order_number && (
                  <Link to={'/operator/orders/$number' as never} params={{ number: x.order_number } as never}>
                    {x.order_number}
                  </Link>
                )}
                {x.kind !== 'refund' && (
                  <Words width={210}>
                    {whole(x.from)}
                    <div>→ {place(x.to)}</div>
                    {x.to?.name && x.to.owner && <Id of={x.to.owner} />}
                  </Words>
                )}
              </>
            ),
          },
          {
            key: 'amount',
            title: t('field.amount'),
            align: 'right',
            value: (x) => x.amount.amount,
            render: (x) => <MoneyShown of={x.amount} strong />,
          },
          {
            key: 'state',
            title: t('field.state'),
            value: (x) => t(`corrections.${x.state}`),
            render: (x) => (
              <>
                <Tag color={tones[x.state]}>{t(`corrections.${x.state}`)}</Tag>
                {x.alone && <Tag color="gold">{t('corrections.alone')}</Tag>}
                {x.decided_by && x.state !== 'waiting' && <div className="dim">{x.decided_by}</div>}
                {x.note && <Words width={200}>{x.note}</Words>}
              </>
            ),
          },
          {
            key: 'reason',
            title: t('review.reason'),
            value: (x) => x.reason,
            render: (x) => <Words width={200}>{x.reason}</Words>,
          },
          { key: 'by', title: t('corrections.asked_by'), value: (x) => x.asked_by, file: true },
          { key: 'decided', title: t('corrections.decided_by'), value: (x) => x.decided_by, file: true },
          {
            key: 'at',
            title: t('corrections.asked_at'),
            sort: 'created',
            value: (x) => x.asked_at,
            render: (x) => (
              <>
                <Time at={x.asked_at} />
                <div className="dim">{x.asked_by}</div>
              </>
            ),
          },
          {
            key: 'do',
            title: t('field.actions'),
            render: (x) =>
              x.state === 'waiting' && (
                <div className="row">
                  <Tooltip title={x.own ? t('corrections.own') : ''}>
                    <Button
                      type="primary"
                      size="small"
                      disabled={x.own}
                      onClick={() =>
                        ask(
                          { title: t('corrections.confirm_title'), about: about(x), ok: t('corrections.confirm') },
                          () => confirm.mutateAsync(x).catch((e: unknown) => stillWaits(x, e)),
                        )
                      }
                    >
                      {t('corrections.confirm')}
                    </Button>
                  </Tooltip>
                  <Button
                    danger
                    size="small"
                    onClick={() =>
                      askWhy(
                        {
                          title: t('corrections.refuse_title'),
                          about: about(x),
                          ok: t('corrections.refuse'),
                          why: t('review.refusal'),
                          danger: true,
                        },
                        (reason) => refuse.mutateAsync({ of: x, reason }),
                      )
                    }
                  >
                    {t('corrections.refuse')}
                  </Button>
                </div>
              ),
          },
        ]}
      />
    </Page>
  )
}
