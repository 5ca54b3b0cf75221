import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '../../api/client'
import { useAddress } from '../../kit/address'
import { Await, Page } from '../../kit/page'
import { useText } from '../../kit/show'
import { Progress } from './order'

/** Orders that were bought together, each as it is being opened. */
export function Opening() {
  const { t } = useTranslation()
  const text = useText()
  const { search } = useAddress()
  const numbers = (search['orders'] ?? '').split('.').filter(Boolean)
  const queries = useQueries({
    queries: numbers.map((number) => ({
      queryKey: ['order', number],
      queryFn: () => unwrap(api.GET('/api/v1/orders/{number}', { params: { path: { number } } })),
      refetchInterval: (q: { state: { data?: { state: string } } }) =>
        q.state.data?.state === 'processing' ? 1000 : false,
    })),
  })
  const done = queries.filter((q) => q.data && q.data.state !== 'processing').length
  return (
    <Page
      title={t('opening.title')}
      purpose={t('opening.purpose', { done, count: numbers.length })}
      actions={
        <Link to="/buyer/orders" className="button">
          {t('nav.my_orders')}
        </Link>
      }
    >
      <div className="stack">
        {queries.map((query, i) => (
          <Await key={numbers[i]} query={query}>
            {(order) => (
              <section>
                <h2>
                  <Link to="/buyer/orders/$number" params={{ number: order.order_number } as never}>
                    {text(order.lines[0]?.product_name)}
                  </Link>
                </h2>
                <Progress order={order} />
              </section>
            )}
          </Await>
        ))}
      </div>
    </Page>
  )
}
