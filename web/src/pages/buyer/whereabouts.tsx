import { Link, useNavigate } from '@tanstack/react-router'
import { Button } from 'antd'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'
import { moneyText, timeText } from '../../kit/show'

type Where = Schemas['WhereView']

/** Where the money of an order is, in a sentence: to its buyer, or to others about them. */
export const whereText = (t: TFunction, where: Where, mine: boolean) => {
  const about = { amount: moneyText(where.amount), at: timeText(where.at), until: timeText(where.until) }
  const place = where.place === 'kept' && where.until ? 'kept_until' : where.place
  return t(mine ? `money.${place}` : `buyers_money.${place}`, about)
}

/** Where the money is, and what the buyer does next. */
export function Whereabouts({ order, mine }: { order: Schemas['OrderView']; mine: boolean }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { money } = order
  if (!money) return null
  const product = order.lines[0]?.product_id
  return (
    <div>
      <strong>{whereText(t, money, mine)}</strong>
      {mine && money.next !== 'none' && <div>{t(`next.${money.next}`)}</div>}
      {mine && money.next === 'order_again' && product && (
        <Button
          type="primary"
          style={{ marginTop: 8 }}
          onClick={() => void navigate({ to: '/products/$product' as never, params: { product } as never })}
        >
          {t('next.to_product')}
        </Button>
      )}
      {mine && money.next === 'change_again' && order.instance_id && (
        <Link to="/buyer/instances/$id" params={{ id: order.instance_id } as never}>
          {t('action.open_instance')}
        </Link>
      )}
    </div>
  )
}
