import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Alert, Button, Checkbox, Empty, Form, Input, InputNumber, type FormInstance } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Summary, useWrong, whole } from '../../kit/form'
import { isMore, less, sumOf } from '../../kit/money'
import { Await, Page } from '../../kit/page'
import { problemText } from '../../kit/problem'
import { useMe } from '../../kit/session'
import { Logo, moneyText, useText } from '../../kit/show'
import { ConsentFields, consentsOf, type Consents } from './consents'
import { ShippingFields, type Shipping } from './shipping'
import { TierTable } from './tiers'

type Line = Schemas['CartLineView']
type Money = Schemas['MoneyView']
type Inputs = Record<string, { inputs?: Record<string, string>; consents?: Consents; shipping?: Shipping }>

function LineOf({ line, chosen, choose }: { line: Line; chosen: boolean; choose: (on: boolean) => void }) {
  const { t } = useTranslation()
  const text = useText()
  const change = useAction((quantity: number) =>
    unwrap(api.PATCH('/api/v1/cart/{line}', { params: { path: { line: line.id } }, body: { quantity } })),
  )
  const remove = useAction(() => unwrap(api.DELETE('/api/v1/cart/{line}', { params: { path: { line: line.id } } })))
  const name = text(line.product_name ?? undefined) || t('cart.gone')
  const what = [
    text(line.specification_name ?? undefined),
    text(line.sku_name ?? undefined),
    line.period && t(`period.${line.period}`, { defaultValue: line.period }),
  ]
    .filter(Boolean)
    .join(' / ')
  return (
    <>
      <div className="cart-line">
        <Checkbox
          aria-label={t('cart.choose', { name })}
          checked={chosen}
          disabled={!line.total}
          onChange={(e) => choose(e.target.checked)}
        />
        <Logo name={name} picture={line.logo} />
        <div>
          <Link to="/products/$product" params={{ product: line.product } as never}>
            {name}
          </Link>
          <div className="dim">{what}</div>
          {line.code && (
            <div style={{ color: 'var(--bad)' }}>{problemText(t, { code: line.code, detail: line.detail ?? '' })}</div>
          )}
        </div>
        <InputNumber
          aria-label={t('buy.quantity')}
          min={1}
          max={1000}
          precision={0}
          value={line.quantity}
          disabled={!line.total || !!line.meter}
          onChange={(n) => n && n !== line.quantity && change.mutate(n)}
        />
        <div className="num" style={{ textAlign: 'right' }}>
          {line.total && <strong>{moneyText(line.total)}</strong>}
          {line.by_month && (
            <div className="dim">
              <s>{moneyText(line.by_month)}</s>
            </div>
          )}
        </div>
        <Button size="small" loading={remove.isPending} onClick={() => remove.mutate(undefined)}>
          {t('action.remove')}
        </Button>
      </div>
      {line.meter && line.total && (
        <div style={{ marginLeft: 40, maxWidth: 420, paddingBottom: 12 }}>
          <TierTable
            unit={text(line.meter.unit)}
            model={line.meter.model}
            accumulation={line.meter.accumulation}
            tiers={line.tiers}
            currency={line.total.currency}
          />
        </div>
      )}
      {chosen &&
        line.inputs.map((p) => (
          <Form.Item
            key={p.name}
            style={{ marginLeft: 40, maxWidth: 420 }}
            name={[line.id, 'inputs', p.name]}
            label={`${text(p.label)} (${name})`}
            rules={[{ required: p.mandatory, message: t('form.required') }, { max: 200 }]}
          >
            <Input />
          </Form.Item>
        ))}
      {chosen && (
        <div style={{ marginLeft: 40, maxWidth: 420 }}>
          <ConsentFields asked={line.personal_data} seller={line.seller_name ?? ''} at={[line.id, 'consents']} />
          {line.shipped && <ShippingFields at={[line.id, 'shipping']} />}
        </div>
      )}
    </>
  )
}

/** The lines by seller, those that are chosen, what they come to, and one click to pay for all of them. */
function Filled({ cart }: { cart: Schemas['CartShown'] }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [form] = Form.useForm<Inputs>()
  const { wrong, show, catching } = useWrong(form as FormInstance)
  const [left, setLeft] = useState<string[]>([])
  const [agreed, setAgreed] = useState(false)
  const wallet = useQuery({ queryKey: ['wallet'], queryFn: () => unwrap(api.GET('/api/v1/wallet')) })
  const chosen = cart.lines.filter((l) => l.total && !left.includes(l.id))
  const amounts = (all: (Money | null | undefined)[]) =>
    sumOf(
      all.filter((m) => !!m),
      cart.total,
    )
  const total = amounts(chosen.map((l) => l.total))
  const saved = amounts(chosen.map((l) => l.by_month && l.total && less(l.by_month, l.total)))
  const short = wallet.data && isMore(total, wallet.data.balance)
  const inputsOf = (line: Line, all: Inputs) =>
    Object.entries(all[line.id]?.inputs ?? {})
      .filter(([, value]) => value)
      .map(([name, value]) => ({ name, value }))
  const buy = useAction(
    async (pay: boolean) => {
      const all = await whole(form)
      show([])
      return catching(
        unwrap(
          api.POST('/api/v1/cart/buy', {
            body: {
              lines: chosen.map((l) => ({
                line: l.id,
                version: l.version ?? '',
                inputs: inputsOf(l, all),
                consents: consentsOf(all[l.id]?.consents),
                shipping: all[l.id]?.shipping,
              })),
              total,
              pay,
            },
          }),
        ),
      )
    },
    ({ orders }) =>
      void (orders.length === 1
        ? navigate({ to: '/buyer/orders/$number', params: { number: orders[0]?.order_number } as never })
        : navigate({ to: '/buyer/opening', search: { orders: orders.map((o) => o.order_number).join('.') } as never })),
  )
  const sellers = [...new Map(cart.lines.map((l) => [l.seller_id ?? '', l.seller_name ?? t('cart.unavailable')]))]
  return (
    <div className="split">
      <Form form={form} layout="vertical" className="stack">
        <Summary form={form as FormInstance} wrong={wrong} />
        {sellers.map(([id, name]) => (
          <section key={id} className="panel" style={{ padding: '16px 24px' }} aria-label={name}>
            <h2>
              {id ? (
                <Link to="/shops/$seller" params={{ seller: id } as never}>
                  {name}
                </Link>
              ) : (
                name
              )}
            </h2>
            {cart.lines
              .filter((l) => (l.seller_id ?? '') === id)
              .map((l) => (
                <LineOf
                  key={l.id}
                  line={l}
                  chosen={chosen.includes(l)}
                  choose={(on) => setLeft(on ? left.filter((x) => x !== l.id) : [...left, l.id])}
                />
              ))}
          </section>
        ))}
      </Form>
      <div className="panel num" style={{ padding: 24 }}>
        <h2>{t('checkout.total')}</h2>
        {chosen.map(
          (l) =>
            l.total && (
              <div key={l.id} className="sum">
                <span className="muted">
                  {l.product_name?.zh && <NameOf line={l} />} × {l.quantity}
                </span>
                <span>{moneyText(l.total)}</span>
              </div>
            ),
        )}
        {isMore(saved) && (
          <div className="sum">
            <span className="muted">{t('buy.saving')}</span>
            <span>{moneyText(saved)}</span>
          </div>
        )}
        <div className="sum total" aria-live="polite">
          <strong>{t('buy.to_pay')}</strong>
          <span className="price" style={{ fontSize: 20 }}>
            {moneyText(total)}
          </span>
        </div>
        {wallet.data && (
          <div className="sum">
            <span className="muted">{t('checkout.balance')}</span>
            <span>{moneyText(wallet.data.balance)}</span>
          </div>
        )}
        {short && (
          <Alert
            type="warning"
            showIcon
            title={t('checkout.short')}
            action={<Link to="/buyer/wallet">{t('wallet.top_up')}</Link>}
          />
        )}
        <div className="stack" style={{ gap: 8, marginTop: 16 }}>
          <Checkbox checked={agreed} onChange={(e) => setAgreed(e.target.checked)}>
            {t('cart.agree')}
          </Checkbox>
          <Button
            type="primary"
            size="large"
            block
            disabled={!agreed || !!short || chosen.length === 0}
            loading={buy.isPending}
            onClick={() => buy.mutate(true)}
          >
            {t('checkout.pay')}
          </Button>
          <Button block disabled={!agreed || chosen.length === 0} onClick={() => buy.mutate(false)}>
            {t('checkout.later')}
          </Button>
          {!agreed && <div className="dim">{t('checkout.agree_first')}</div>}
        </div>
      </div>
    </div>
  )
}

function NameOf({ line }: { line: Line }) {
  const text = useText()
  return <>{text(line.product_name ?? undefined)}</>
}

/** The cart: lines by seller with the prices of now. */
export function Cart() {
  const { t } = useTranslation()
  const me = useMe()
  const query = useQuery({ queryKey: ['cart'], queryFn: () => unwrap(api.GET('/api/v1/cart')), enabled: !!me.data })
  return (
    <Page title={t('nav.cart')} purpose={t('cart.purpose')}>
      {me.data === null ? (
        <Alert
          type="info"
          showIcon
          title={t('cart.log_in')}
          action={<a href="/log-in?back=/cart">{t('action.log_in')}</a>}
        />
      ) : (
        <Await query={query}>
          {(cart) =>
            cart.lines.length === 0 ? (
              <div className="panel" style={{ padding: 48 }}>
                <Empty description={t('cart.empty')}>
                  <Link to="/products">{t('home.all')}</Link>
                </Empty>
              </div>
            ) : (
              <Filled cart={cart} />
            )
          }
        </Await>
      )}
    </Page>
  )
}
